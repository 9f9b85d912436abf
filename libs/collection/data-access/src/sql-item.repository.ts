import {
  checkPhotoRemovable,
  checkPhotosFit,
  cleanDescription,
  cleanItemName,
  ItemNotFoundError,
  ItemRepository,
  MAX_PAGE,
  normaliseCategoryName,
  PhotoNotFoundError,
  RemovedSinceError,
  type CategoryReference,
  type Item,
  type ItemChange,
  type ItemPage,
  type ItemQuery,
  type NewItem,
  type NewPhoto,
  type Photo,
  type PhotoMessages,
} from '@repo/collection-domain';
import { CollectionDatabase, instant, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import { InvalidInputError, SystemClock, type CategoryId, type Clock, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { In, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { resolveCategory, toCategory } from './category-rows.js';
import { CategoryRow } from './category.row.js';
import { changeCollection } from './change-collection.js';
import { CollectionVersionRow } from './collection-version.row.js';
import { ItemRow } from './item.row.js';
import { leaveMessages } from './outbox-rows.js';
import { PhotoRow } from './photo.row.js';
import { RemovedPhotoRow } from './removed-photo.row.js';
import { searchText, wordPatterns } from './search-text.js';

export class SqlItemRepository extends ItemRepository {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  create({ id, ownerId, name, description, category, photos }: NewItem, messages: PhotoMessages): Promise<Item> {
    if (photos.length === 0) {
      throw new InvalidInputError('An item needs at least one photo');
    }
    checkPhotosFit(0, photos.length);
    const createdAt = this.clock.now();
    const text = { name: cleanItemName(name), description: cleanDescription(description ?? '') ?? null };
    return changeCollection(
      this.database,
      ownerId,
      async (manager) => {
        const present = await findItem(manager, ownerId, id);
        if (present) {
          return present;
        }
        await refuseRemoved(manager, photos);
        const categoryRow = await resolveCategory(manager, ownerId, category, createdAt);
        await manager.insert(ItemRow, { id, ownerId, ...text, searchText: searchText(text.name, text.description), categoryId: categoryRow.id, createdAt });
        const rows = photos.map((photo, position) => ({ ...photo, itemId: id, ownerId, position, createdAt }));
        await manager.insert(PhotoRow, rows);
        const item: Item = { id, ownerId, name: text.name, description: text.description ?? undefined, category: toCategory(categoryRow), photos: rows, createdAt };
        await leaveMessages(manager, messages(item, rows), createdAt);
        return item;
      },
      // Another request made the same category or item meanwhile: the next attempt finds it.
      { retry: isUniqueViolation, repeatable: true },
    );
  }

  async list(query: ItemQuery): Promise<ItemPage> {
    const { source } = this.database;
    const limit = Math.min(Math.max(1, query.limit), MAX_PAGE);
    return translateDatabaseErrors(async () => {
      const categoryId = query.category && (await this.findCategoryId(query.ownerId, query.category));
      if (query.category && !categoryId) {
        return { items: [], total: 0, next: undefined };
      }
      const matching = searchItems(source.manager, query.ownerId, categoryId, query.text);
      const page = matching.clone().innerJoinAndSelect('item.category', 'category').orderBy('item.createdAt', 'DESC').addOrderBy('item.id', 'DESC').limit(limit + 1);
      if (query.after) {
        // The first half alone lets the index skip what lies above.
        page.andWhere('item.createdAt <= :at AND (item.createdAt < :at OR item.id < :id)', { at: instant(source, query.after.createdAt), id: query.after.id });
      }
      const [rows, total] = await Promise.all([page.getMany(), matching.getCount()]);
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: await withPhotos(source.manager, shown),
        total,
        next: rows.length > limit && last ? { createdAt: last.createdAt, id: last.id } : undefined,
      };
    });
  }

  async version(ownerId: UserId): Promise<string | undefined> {
    const row = await translateDatabaseErrors(() => this.database.source.manager.findOneBy(CollectionVersionRow, { ownerId }));
    return row?.version;
  }

  get(ownerId: UserId, id: ItemId): Promise<Item> {
    return translateDatabaseErrors(() => getItem(this.database.source.manager, ownerId, id));
  }

  getMany(ownerId: UserId, ids: readonly ItemId[]): Promise<Item[]> {
    return translateDatabaseErrors(async () => (ids.length === 0 ? [] : findItems(this.database.source.manager, ownerId, ids)));
  }

  update(ownerId: UserId, id: ItemId, change: ItemChange): Promise<Item> {
    return changeCollection(
      this.database,
      ownerId,
      async (manager) => {
        const row = await holdItem(manager, ownerId, id);
        if (change.name !== undefined) {
          row.name = cleanItemName(change.name);
        }
        if (change.description !== undefined) {
          row.description = cleanDescription(change.description) ?? null;
        }
        if (change.category !== undefined) {
          row.categoryId = (await resolveCategory(manager, ownerId, change.category, this.clock.now())).id;
        }
        const { name, description, categoryId } = row;
        await manager.update(ItemRow, { id }, { name, description, searchText: searchText(name, description), categoryId });
        return getItem(manager, ownerId, id);
      },
      { retry: isUniqueViolation },
    );
  }

  delete(ownerId: UserId, id: ItemId, messages: PhotoMessages): Promise<void> {
    return changeCollection(this.database, ownerId, async (manager) => {
      await holdItem(manager, ownerId, id);
      const item = await getItem(manager, ownerId, id);
      await this.removePhotos(manager, item, item.photos, messages);
      await manager.delete(ItemRow, { id });
    });
  }

  addPhotos(ownerId: UserId, id: ItemId, photos: readonly NewPhoto[], messages: PhotoMessages): Promise<Photo[]> {
    return changeCollection(
      this.database,
      ownerId,
      async (manager) => {
        await holdItem(manager, ownerId, id);
        const item = await getItem(manager, ownerId, id);
        const known = new Set(item.photos.map((photo) => photo.id));
        const added = photos.filter((photo) => !known.has(photo.id));
        checkPhotosFit(item.photos.length, added.length);
        const createdAt = this.clock.now();
        const next = 1 + Math.max(-1, ...item.photos.map(({ position }) => position));
        const rows = added.map((photo, at) => ({ ...photo, itemId: id, ownerId, position: next + at, createdAt }));
        if (rows.length > 0) {
          await refuseRemoved(manager, rows);
          await manager.insert(PhotoRow, rows);
          await leaveMessages(manager, messages({ ...item, photos: [...item.photos, ...rows] }, rows), createdAt);
        }
        const asked = new Set(photos.map((photo) => photo.id));
        return [...item.photos, ...rows].filter((photo) => asked.has(photo.id));
      },
      { repeatable: true },
    );
  }

  removePhoto(ownerId: UserId, id: ItemId, photoId: PhotoId, messages: PhotoMessages): Promise<void> {
    return changeCollection(this.database, ownerId, async (manager) => {
      await holdItem(manager, ownerId, id);
      const item = await getItem(manager, ownerId, id);
      const photo = item.photos.find((one) => one.id === photoId);
      if (!photo) {
        throw new PhotoNotFoundError(photoId);
      }
      checkPhotoRemovable(item.photos.length);
      await this.removePhotos(manager, item, [photo], messages);
    });
  }

  purgeTombstones(before: Date): Promise<number> {
    return translateDatabaseErrors(async () => {
      const { source } = this.database;
      const { affected } = await source.createQueryBuilder().delete().from(RemovedPhotoRow).where('removedAt < :before', { before: instant(source, before) }).execute();
      return affected ?? 0;
    });
  }

  private async findCategoryId(ownerId: UserId, reference: CategoryReference): Promise<CategoryId | undefined> {
    const named = 'id' in reference ? { id: reference.id } : { normalisedName: normaliseCategoryName(reference.name) };
    const row = await this.database.source.manager.findOne(CategoryRow, { select: { id: true }, where: { ownerId, ...named } });
    return row?.id;
  }

  private async removePhotos(manager: EntityManager, item: Item, photos: readonly Photo[], messages: PhotoMessages): Promise<void> {
    const removedAt = this.clock.now();
    await manager.insert(RemovedPhotoRow, photos.map((photo) => ({ photoId: photo.id, itemId: item.id, removedAt })));
    await leaveMessages(manager, messages(item, photos), removedAt);
    await manager.delete(PhotoRow, { id: In(photos.map((photo) => photo.id)) });
  }
}

function searchItems(manager: EntityManager, ownerId: UserId, categoryId: CategoryId | undefined, text: string | undefined): SelectQueryBuilder<ItemRow> {
  const query = manager.createQueryBuilder(ItemRow, 'item').where('item.ownerId = :ownerId', { ownerId });
  if (categoryId) {
    query.andWhere('item.categoryId = :categoryId', { categoryId });
  }
  wordPatterns(text ?? '').forEach((pattern, at) => {
    query.andWhere(`item.searchText LIKE :word${at} ESCAPE '!'`, { [`word${at}`]: pattern });
  });
  return query;
}

/** Keeps the item from being changed by others until the transaction ends. Throws ItemNotFoundError. */
async function holdItem(manager: EntityManager, ownerId: UserId, id: ItemId): Promise<ItemRow> {
  const row = await manager.findOne(ItemRow, { where: { id, ownerId }, lock: { mode: 'pessimistic_write' } });
  if (!row) {
    throw new ItemNotFoundError(id);
  }
  return row;
}

/** Ids come from the request, so a photo that was removed would come back when its request is sent again. */
async function refuseRemoved(manager: EntityManager, photos: readonly { id: PhotoId }[]): Promise<void> {
  if (await manager.findOneBy(RemovedPhotoRow, { photoId: In(photos.map(({ id }) => id)) })) {
    throw new RemovedSinceError();
  }
}

async function findItem(manager: EntityManager, ownerId: UserId, id: ItemId): Promise<Item | undefined> {
  const [item] = await findItems(manager, ownerId, [id]);
  return item;
}

async function getItem(manager: EntityManager, ownerId: UserId, id: ItemId): Promise<Item> {
  const item = await findItem(manager, ownerId, id);
  if (!item) {
    throw new ItemNotFoundError(id);
  }
  return item;
}

async function findItems(manager: EntityManager, ownerId: UserId, ids: readonly ItemId[]): Promise<Item[]> {
  return withPhotos(manager, await manager.find(ItemRow, { where: { ownerId, id: In([...ids]) }, relations: { category: true } }));
}

/** All photos in one query. Left out: items that were deleted since their rows were read. */
async function withPhotos(manager: EntityManager, rows: readonly ItemRow[]): Promise<Item[]> {
  if (rows.length === 0) {
    return [];
  }
  const photos = new Map<ItemId, Photo[]>(rows.map(({ id }) => [id, []]));
  for (const row of await manager.find(PhotoRow, { where: { itemId: In([...photos.keys()]) }, order: { position: 'ASC', id: 'ASC' } })) {
    photos.get(row.itemId)?.push(toPhoto(row));
  }
  return rows
    .map((row) => toItem(row, photos.get(row.id) ?? []))
    .filter((item) => item.photos.length > 0);
}

function toItem({ id, ownerId, name, description, category, createdAt }: ItemRow, photos: readonly Photo[]): Item {
  return { id, ownerId, name, description: description ?? undefined, category: toCategory(category!), photos, createdAt };
}

function toPhoto({ id, itemId, ownerId, objectKey, sha256, bytes, width, height, position, createdAt }: PhotoRow): Photo {
  return { id, itemId, ownerId, objectKey, sha256, bytes, width, height, position, createdAt };
}
