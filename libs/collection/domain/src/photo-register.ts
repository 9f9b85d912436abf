import type { PhotoId } from '@repo/kernel';

/** What a sweep needs to know of a photo. */
export interface RegisteredPhoto {
  readonly id: PhotoId;
  readonly objectKey: string;
}

/** Which photos have a row, whoever owns them: what lies in the store without one was left by a request that failed. */
export abstract class PhotoRegister {
  /** Those of `ids` (at most 1,000) that have a row. Throws TemporaryError. */
  abstract known(ids: readonly PhotoId[]): Promise<Set<PhotoId>>;
  /** At most 500 photos that were kept before `before`, in an order of their own; after the one named. Throws TemporaryError. */
  abstract page(before: Date, after: PhotoId | undefined): Promise<RegisteredPhoto[]>;
}
