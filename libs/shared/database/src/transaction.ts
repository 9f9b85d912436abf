import { setTimeout as wait } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { isConnectionLost, isTransactionConflict, translateDatabaseErrors } from './database-errors.js';

const ATTEMPTS = 3;
/** Times the number of the attempt: lets the other transaction finish, else both meet again. */
const PAUSE_MS = 25;

export interface TransactionOptions {
  /** Errors after which the whole work is worth another attempt, besides those that always are. */
  readonly retry?: (error: unknown) => boolean;
  /**
   * The work finds what it made the first time, and makes it once: then it is tried again also when the
   * connection is lost in the middle of COMMIT, and nobody can know whether all of it was kept or nothing.
   */
  readonly repeatable?: boolean;
}

/**
 * All of `work` or nothing of it, read committed. Tried again, 3 attempts in all, so `work` must have no
 * effects outside the database: after a deadlock, after a connection that was lost before COMMIT was sent,
 * and after what the options name.
 * Throws what `work` throws, and TemporaryError when the database can't answer now.
 */
export function inTransaction<T>(source: DataSource, work: (manager: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  return translateDatabaseErrors(async () => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await attemptOnce(source, work);
      if ('result' in outcome) {
        return outcome.result;
      }
      if (attempt === ATTEMPTS || !isWorthAnother(outcome, options)) {
        throw outcome.error;
      }
      await wait(attempt * PAUSE_MS);
    }
  });
}

interface Failure {
  readonly error: unknown;
  /** COMMIT was on its way: without its answer nobody knows what became of it. */
  readonly whileCommitting: boolean;
}

async function attemptOnce<T>(source: DataSource, work: (manager: EntityManager) => Promise<T>): Promise<{ readonly result: T } | Failure> {
  const runner = source.createQueryRunner();
  let whileCommitting = false;
  try {
    await runner.startTransaction();
    const result = await work(runner.manager);
    whileCommitting = !runner.isReleased; // TypeORM took a connection back that is known to be lost: nothing will be sent
    await runner.commitTransaction();
    return { result };
  } catch (error) {
    await runner.rollbackTransaction().catch(() => {}); // the first error is the one to tell
    return { error, whileCommitting };
  } finally {
    await runner.release();
  }
}

function isWorthAnother({ error, whileCommitting }: Failure, { retry, repeatable }: TransactionOptions): boolean {
  return isTransactionConflict(error) || (isConnectionLost(error) && (!whileCommitting || repeatable === true)) || retry?.(error) === true;
}
