import type { ObjectStore } from './object-store.js';

const lifeMs = 24 * 3_600_000;

/** Removes what lies in `temp` for more than 24 hours. Throws TemporaryError. */
export async function removeOldTemporaries(store: ObjectStore, now: Date): Promise<void> {
  for await (const { key, modifiedAt } of store.list('temp', '')) {
    if (now.getTime() - modifiedAt.getTime() > lifeMs) {
      await store.remove('temp', key);
    }
  }
}
