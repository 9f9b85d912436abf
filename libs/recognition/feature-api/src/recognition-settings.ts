/** What the app decides about recognition. */
export class RecognitionSettings {
  /** Below this probability the answer is `desconhecido`. */
  readonly confidenceThreshold: number;

  constructor(settings: RecognitionSettings) {
    this.confidenceThreshold = settings.confidenceThreshold;
  }
}
