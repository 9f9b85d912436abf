import { setTimeout as wait } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { isTransactionConflict, translateDatabaseErrors } from './database-errors.js';

const ATTEMPTS = 3;
/** Times the number of the attempt: lets the other transaction finish, else both meet again. */
const PAUSE_MS = 25;

export interface TransactionOptions {
  /** Errors after which the whole work is worth another attempt, besides conflicts between transactions. */
  readonly retry?: (error: unknown) => boolean;
}

/**
 * All of `work` or nothing of it, read committed. Deadlocks and what `retry` names are tried
 * again, 3 attempts in all, so `work` must have no effects outside the database.
 * Throws what `work` throws, and TemporaryError when the database can't answer now.
 */
export function inTransaction<T>(source: DataSource, work: (manager: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  return translateDatabaseErrors(async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await source.transaction(work);
      } catch (error) {
        const worthwhile = isTransactionConflict(error) || options.retry?.(error);
        if (!worthwhile || attempt === ATTEMPTS) {
          throw error;
        }
        await wait(attempt * PAUSE_MS);
      }
    }
  });
}
