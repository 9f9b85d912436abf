import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import type { CategoryReference } from './category.js';
import type { ItemCursor } from './item-cursor.js';
import type { Item, ItemChange, NewItem, NewPhoto, Photo } from './item.js';
import type { PhotoMessages } from './outbox-message.js';

export interface ItemQuery {
  readonly ownerId: UserId;
  /** 1 to 200. */
  readonly limit: number;
  readonly after?: ItemCursor | undefined;
  /** Only this category's; one that does not exist holds nothing. */
  readonly category?: CategoryReference | undefined;
  /** Each word must occur in the name or the description; case and accents make no difference. */
  readonly text?: string | undefined;
}

export interface ItemPage {
  readonly items: readonly Item[];
  /** Of all pages. */
  readonly total: number;
  /** Absent on the last page. */
  readonly next: ItemCursor | undefined;
}

export const MAX_PAGE = 200;

/**
 * Items and their photos. Everything is an owner's: another owner's id is not found.
 * Every method throws TemporaryError when the database can't answer now.
 */
export abstract class ItemRepository {
  /**
   * Item, photos, messages and, when it is new, the category: all or none.
   * An id that the owner already has gives the stored item and changes nothing, so that
   * a repeated request can't make a second one.
   * Throws CategoryNotFoundError, TooManyPhotosError, InvalidInputError, RemovedSinceError.
   */
  abstract create(item: NewItem, messages: PhotoMessages): Promise<Item>;

  /** Newest first. Items made while pages are read never shift them. */
  abstract list(query: ItemQuery): Promise<ItemPage>;

  /**
   * Another one after each change of the owner's items, photos or categories, and never one that was before;
   * undefined before the first. Read before a page, it tells later whether the page still holds.
   */
  abstract version(ownerId: UserId): Promise<string | undefined>;

  /** Throws ItemNotFoundError. */
  abstract get(ownerId: UserId, id: ItemId): Promise<Item>;

  /** In no order; ids that are not the owner's are left out. */
  abstract getMany(ownerId: UserId, ids: readonly ItemId[]): Promise<Item[]>;

  /** Throws ItemNotFoundError, CategoryNotFoundError, InvalidInputError. */
  abstract update(ownerId: UserId, id: ItemId, change: ItemChange): Promise<Item>;

  /** Rows go, tombstones and messages stay. Throws ItemNotFoundError. */
  abstract delete(ownerId: UserId, id: ItemId, messages: PhotoMessages): Promise<void>;

  /** Answers the added photos. Throws ItemNotFoundError, TooManyPhotosError, RemovedSinceError. */
  abstract addPhotos(ownerId: UserId, id: ItemId, photos: readonly NewPhoto[], messages: PhotoMessages): Promise<Photo[]>;

  /** Throws ItemNotFoundError, PhotoNotFoundError, LastPhotoError. */
  abstract removePhoto(ownerId: UserId, id: ItemId, photoId: PhotoId, messages: PhotoMessages): Promise<void>;

  /** Forgets removals older than `before`; answers how many. Readers of tombstones have seen them long since. */
  abstract purgeTombstones(before: Date): Promise<number>;
}
