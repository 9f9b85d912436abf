import type { PhotoId } from '@repo/kernel';

/** Which photos have a row, whoever owns them: what lies in the store without one was left by a request that failed. */
export abstract class PhotoRegister {
  /** Those of `ids` (at most 1,000) that have a row. Throws TemporaryError. */
  abstract known(ids: readonly PhotoId[]): Promise<Set<PhotoId>>;
}
