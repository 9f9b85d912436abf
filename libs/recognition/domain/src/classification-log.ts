import type { UserId } from '@repo/kernel';

export interface ClassifiedPhoto {
  readonly ownerId: UserId;
  /** Key in the bucket `temp`. */
  readonly imagePath: string;
  readonly classe: string;
  /** 0 to 1. */
  readonly confidence: number;
  readonly known: boolean;
  readonly modelVersion: string | undefined;
  readonly at: Date;
}

/** What was asked and answered. Methods throw TemporaryError. */
export abstract class ClassificationLog {
  /** A photo to classify was stored; it stays listed as unclassified until it is. */
  abstract uploaded(imagePath: string, at: Date): Promise<void>;

  /** Keeps the answer and marks the upload as classified, both or neither. */
  abstract classified(photo: ClassifiedPhoto): Promise<void>;

  /** Forgets uploads older than `before`, whose objects are gone; answers how many. */
  abstract purgeUploads(before: Date): Promise<number>;
}
