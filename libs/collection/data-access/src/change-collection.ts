import { CollectionDatabase, inTransaction, isUniqueViolation, type TransactionOptions } from '@repo/database';
import { newId, type UserId } from '@repo/kernel';
import type { EntityManager } from 'typeorm';
import { CollectionVersionRow } from './collection-version.row.js';

/** Two first changes of one owner at once: the second attempt finds the first one's row. */
class FirstVersionTakenError extends Error {}

/**
 * A transaction that changes an owner's items, photos or categories: pages that were read before it are
 * known to be old from its commit on. The version comes last, so that who waits for it holds up nobody,
 * and nobody who holds it waits for anything but the commit. Throws as `inTransaction` does.
 */
export function changeCollection<T>(database: CollectionDatabase, ownerId: UserId, work: (manager: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  return inTransaction(
    database.source,
    async (manager) => {
      const result = await work(manager);
      await renewVersion(manager, ownerId);
      return result;
    },
    { ...options, retry: (error) => error instanceof FirstVersionTakenError || options.retry?.(error) === true },
  );
}

async function renewVersion(manager: EntityManager, ownerId: UserId): Promise<void> {
  const version = newId();
  const { affected } = await manager.update(CollectionVersionRow, { ownerId }, { version });
  if (affected === 0) {
    await manager.insert(CollectionVersionRow, { ownerId, version }).catch((error: unknown) => {
      throw isUniqueViolation(error) ? new FirstVersionTakenError('The owner has a version since', { cause: error }) : error;
    });
  }
}
