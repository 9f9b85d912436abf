import {
  CategoryExistsError,
  CategoryNotFoundError,
  CategoryRepository,
  checkCategoryRemovable,
  cleanCategoryName,
  normaliseCategoryName,
  type Category,
  type CategoryChange,
  type CountedCategory,
  type NewCategory,
} from '@repo/collection-domain';
import { CollectionDatabase, isForeignKeyViolation, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import { SystemClock, type CategoryId, type Clock, type UserId } from '@repo/kernel';
import type { EntityManager } from 'typeorm';
import { holdCategory, toCategory } from './category-rows.js';
import { CategoryRow } from './category.row.js';
import { changeCollection } from './change-collection.js';
import { ItemRow } from './item.row.js';

export class SqlCategoryRepository extends CategoryRepository {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  list(ownerId: UserId): Promise<CountedCategory[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.manager.find(CategoryRow, { where: { ownerId }, order: { normalisedName: 'ASC' } });
      const counts = await this.manager
        .createQueryBuilder(ItemRow, 'item')
        .select('item.categoryId', 'categoryId')
        .addSelect('COUNT(1)', 'itemCount')
        .where('item.ownerId = :ownerId', { ownerId })
        .groupBy('item.categoryId')
        .getRawMany<{ categoryId: CategoryId; itemCount: number | string }>();
      const countOf = new Map(counts.map(({ categoryId, itemCount }) => [categoryId, Number(itemCount)]));
      return rows.map((row) => ({ ...toCategory(row), itemCount: countOf.get(row.id) ?? 0 }));
    });
  }

  get(ownerId: UserId, id: CategoryId): Promise<CountedCategory> {
    return translateDatabaseErrors(async () => {
      const row = await this.manager.findOneBy(CategoryRow, { id, ownerId });
      if (!row) {
        throw new CategoryNotFoundError(id);
      }
      return counted(this.manager, row);
    });
  }

  async create({ id, ownerId, name, settings = {} }: NewCategory): Promise<Category> {
    const clean = cleanCategoryName(name);
    const row = this.manager.create(CategoryRow, { id, ownerId, name: clean, normalisedName: normaliseCategoryName(clean), settings, createdAt: this.clock.now() });
    return translateDatabaseErrors(async () => {
      try {
        await changeCollection(this.database, ownerId, (manager) => manager.insert(CategoryRow, row));
        return toCategory(row);
      } catch (error) {
        const present = isUniqueViolation(error) ? await this.manager.findOneBy(CategoryRow, { id, ownerId }) : undefined;
        if (present) {
          return toCategory(present);
        }
        throw nameTaken(error, clean);
      }
    });
  }

  async update(ownerId: UserId, id: CategoryId, { name, settings }: CategoryChange): Promise<CountedCategory> {
    const clean = name === undefined ? undefined : cleanCategoryName(name);
    try {
      return await changeCollection(this.database, ownerId, async (manager) => {
        const row = await lockCategory(manager, ownerId, id);
        row.name = clean ?? row.name;
        row.normalisedName = normaliseCategoryName(row.name);
        row.settings = settings ?? row.settings;
        await manager.update(CategoryRow, { id }, { name: row.name, normalisedName: row.normalisedName, settings: row.settings });
        return counted(manager, row);
      });
    } catch (error) {
      throw nameTaken(error, clean ?? '');
    }
  }

  delete(ownerId: UserId, id: CategoryId, { moveTo }: { readonly moveTo?: CategoryId | undefined } = {}): Promise<void> {
    return changeCollection(
      this.database,
      ownerId,
      async (manager) => {
        checkCategoryRemovable(await counted(manager, await lockCategory(manager, ownerId, id)), moveTo);
        if (moveTo !== undefined) {
          await holdCategory(manager, ownerId, moveTo);
          await manager.update(ItemRow, { categoryId: id }, { categoryId: moveTo });
        }
        await manager.delete(CategoryRow, { id });
      },
      // SQL Server's lock lets others still read the category and add an item to it: the next attempt counts that.
      { retry: isForeignKeyViolation },
    );
  }

  private get manager(): EntityManager {
    return this.database.source.manager;
  }
}

async function lockCategory(manager: EntityManager, ownerId: UserId, id: CategoryId): Promise<CategoryRow> {
  const row = await manager.findOne(CategoryRow, { where: { id, ownerId }, lock: { mode: 'pessimistic_write' } });
  if (!row) {
    throw new CategoryNotFoundError(id);
  }
  return row;
}

async function counted(manager: EntityManager, row: CategoryRow): Promise<CountedCategory> {
  return { ...toCategory(row), itemCount: await manager.countBy(ItemRow, { categoryId: row.id }) };
}

function nameTaken(error: unknown, name: string): unknown {
  return isUniqueViolation(error) ? new CategoryExistsError(name, { cause: error }) : error;
}
