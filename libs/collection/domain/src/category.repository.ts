import type { CategoryId, UserId } from '@repo/kernel';
import type { Category, CategorySettings, CountedCategory } from './category.js';

export interface NewCategory {
  readonly id: CategoryId;
  readonly ownerId: UserId;
  readonly name: string;
  readonly settings?: CategorySettings | undefined;
}

/** Absent keeps what is there; settings are replaced as a whole. */
export interface CategoryChange {
  readonly name?: string | undefined;
  readonly settings?: CategorySettings | undefined;
}

/**
 * Categories. Everything is an owner's: another owner's id is not found.
 * Every method throws TemporaryError when the database can't answer now.
 */
export abstract class CategoryRepository {
  /** By name. */
  abstract list(ownerId: UserId): Promise<CountedCategory[]>;

  /** Throws CategoryNotFoundError. */
  abstract get(ownerId: UserId, id: CategoryId): Promise<CountedCategory>;

  /** Throws CategoryExistsError, InvalidInputError. */
  abstract create(category: NewCategory): Promise<Category>;

  /** Throws CategoryNotFoundError, CategoryExistsError, InvalidInputError. */
  abstract update(ownerId: UserId, id: CategoryId, change: CategoryChange): Promise<CountedCategory>;

  /** Moves its items to `moveTo` first, when given. Throws CategoryNotFoundError (of either), CategoryInUseError, InvalidInputError. */
  abstract delete(ownerId: UserId, id: CategoryId, options?: { readonly moveTo?: CategoryId | undefined }): Promise<void>;
}
