import type { PhotoId } from '@repo/kernel';

/** A variant that may train. */
export interface StoredVariant {
  readonly photoId: PhotoId;
  /** Key in the bucket `processed`. */
  readonly objectKey: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What recognition reads of the augmentation; it writes none of it. Methods throw TemporaryError. */
export abstract class AugmentedVariants {
  /** Valid variants of sharp, well-lit photos, in the order of photo and transform. Variants of a bad photo teach its flaws. */
  abstract valid(): Promise<StoredVariant[]>;

  /** Those of `photoIds` whose augmentation has neither succeeded nor failed for good yet. */
  abstract unfinished(photoIds: readonly PhotoId[]): Promise<PhotoId[]>;
}
