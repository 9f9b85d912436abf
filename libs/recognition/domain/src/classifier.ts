import { DomainError, type UserId } from '@repo/kernel';
import type { KnownBackbone } from './backbone-quality.js';
import type { SimilarItem } from './similar-items.js';

export interface Classification {
  /** By label, of the full softmax; undefined while no model serves. */
  readonly probabilities: Readonly<Record<string, number>> | undefined;
  /** The owner's items most like the photo, best first. */
  readonly similar: readonly SimilarItem[];
  /** Undefined while no model serves. */
  readonly modelVersion: string | undefined;
}

/** The classifier service, as the API sees it. */
export abstract class Classifier {
  /**
   * @param imagePath key in the bucket `temp`
   * Throws ClassifierUnavailableError when it doesn't answer in time, ClassifierOverloadedError, PhotoUndecodableError.
   */
  abstract classify(imagePath: string, ownerId: UserId): Promise<Classification>;

  /** What it found at its start, which is what a training uses. Throws ClassifierUnavailableError when it doesn't say. */
  abstract backbone(): Promise<KnownBackbone>;
}

export class ClassifierUnavailableError extends DomainError {
  readonly code = 'CLASSIFIER_UNAVAILABLE';
  constructor(options?: ErrorOptions) {
    super('The classifier is not available now. Your photo was kept; try again in a moment', options);
  }
}

/** It answered that too many photos wait. */
export class ClassifierOverloadedError extends DomainError {
  readonly code = 'CLASSIFIER_BUSY';
  constructor() {
    super('Too many photos are being classified just now. Try again in a moment');
  }
}

/** The object that should be classified is not in the bucket. */
export class UploadNotFoundError extends DomainError {
  readonly code = 'OBJECT_NOT_FOUND';
  constructor(imagePath: string) {
    super(`There is no upload ${imagePath.slice(0, 100)}`);
  }
}
