/** Which version the classifier answers with. */
export abstract class ServedVersion {
  /** Undefined before the first training. Throws TemporaryError when the classifier doesn't answer. */
  abstract now(): Promise<string | undefined>;
}
