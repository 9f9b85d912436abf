import type { Bucket, ObjectStore } from './object-store.js';

/**
 * Removes an object that somebody found to be nobody's, unless it was put again since: then whoever put it is
 * about to write down that it is theirs. Answers whether it is gone by this. Throws TemporaryError.
 */
export async function removeIfOlder(store: ObjectStore, bucket: Bucket, key: string, before: Date): Promise<boolean> {
  // In key order, the key itself comes first of those that begin with it.
  for await (const first of store.list(bucket, key)) {
    if (first.key !== key || first.modifiedAt >= before) {
      break;
    }
    await store.remove(bucket, key);
    return true;
  }
  return false;
}
