import type { TrainingParameters, TrainingRules } from '@repo/recognition-domain';

/** What the app decides about training. */
export class TrainingSettings {
  readonly rules: TrainingRules;
  readonly parameters: TrainingParameters;
  /** A run whose worker is silent for this long is taken up again. */
  readonly leaseMs: number;
  /** Photos that are fetched and embedded at the same time. */
  readonly parallelImages: number;
  /** Trains once and stays idle otherwise: the app ends after that. */
  readonly once: boolean;

  constructor(settings: TrainingSettings) {
    this.rules = settings.rules;
    this.parameters = settings.parameters;
    this.leaseMs = settings.leaseMs;
    this.parallelImages = settings.parallelImages;
    this.once = settings.once;
  }
}
