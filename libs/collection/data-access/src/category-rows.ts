import { CategoryNotFoundError, cleanCategoryName, normaliseCategoryName, type Category, type CategoryReference } from '@repo/collection-domain';
import { newId, type CategoryId, type UserId } from '@repo/kernel';
import type { EntityManager } from 'typeorm';
import { CategoryRow } from './category.row.js';

export function toCategory({ id, ownerId, name, settings, createdAt }: CategoryRow): Category {
  return { id, ownerId, name, settings, createdAt };
}

/**
 * Finds the category, or makes the named one, and keeps it from being deleted until the
 * transaction ends. Another transaction may make the same one first: then a unique index
 * refuses ours, and the whole transaction is worth another attempt.
 * Throws CategoryNotFoundError for an id the owner does not have.
 */
export async function resolveCategory(manager: EntityManager, ownerId: UserId, reference: CategoryReference, at: Date): Promise<CategoryRow> {
  if ('id' in reference) {
    return holdCategory(manager, ownerId, reference.id);
  }
  const name = cleanCategoryName(reference.name);
  const normalisedName = normaliseCategoryName(name);
  const present = await manager.findOne(CategoryRow, { where: { ownerId, normalisedName }, lock: { mode: 'pessimistic_read' } });
  if (present) {
    return present;
  }
  const row = manager.create(CategoryRow, { id: newId<CategoryId>(), ownerId, name, normalisedName, settings: {}, createdAt: at });
  await manager.insert(CategoryRow, row);
  return row;
}

/** Reads the category and keeps it from being deleted until the transaction ends. Throws CategoryNotFoundError. */
export async function holdCategory(manager: EntityManager, ownerId: UserId, id: CategoryId): Promise<CategoryRow> {
  const row = await manager.findOne(CategoryRow, { where: { id, ownerId }, lock: { mode: 'pessimistic_read' } });
  if (!row) {
    throw new CategoryNotFoundError(id);
  }
  return row;
}
