import { randomUUID } from 'node:crypto';
import { TemporaryError, withDeadline } from '@repo/kernel';
import type { ObjectStore } from './object-store.js';

/** Puts, gets and removes a small object. Throws TemporaryError when that does not work within `timeoutMs`. */
export function makeRoundTrip(store: ObjectStore, timeoutMs: number): Promise<void> {
  const key = `round-trip/${randomUUID()}`;
  const body = Buffer.from(key);
  const trip = async (): Promise<void> => {
    await store.put('temp', key, body, 'text/plain');
    const kept = await store.get('temp', key);
    await store.remove('temp', key);
    if (!kept?.equals(body)) {
      throw new TemporaryError('The object store gave back something else than what was stored');
    }
  };
  return withDeadline('The object store', timeoutMs, trip());
}
