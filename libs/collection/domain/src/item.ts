import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import type { Category, CategoryReference } from './category.js';
import { cleanLine, cleanProse } from './clean-text.js';
import { LastPhotoError, TooManyPhotosError } from './collection-errors.js';

export interface Photo {
  readonly id: PhotoId;
  readonly itemId: ItemId;
  readonly ownerId: UserId;
  /** Key in the bucket `original`. */
  readonly objectKey: string;
  /** Of the stored bytes, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Place among the item's photos, from 0; gaps are left by removed ones. */
  readonly position: number;
  readonly createdAt: Date;
}

/** A photo that was checked and stored, but has no row yet. */
export type NewPhoto = Pick<Photo, 'id' | 'objectKey' | 'sha256' | 'bytes' | 'width' | 'height'>;

export interface Item {
  readonly id: ItemId;
  readonly ownerId: UserId;
  readonly name: string;
  readonly description: string | undefined;
  readonly category: Category;
  /** In order, at least one. */
  readonly photos: readonly Photo[];
  readonly createdAt: Date;
}

export interface NewItem {
  readonly id: ItemId;
  readonly ownerId: UserId;
  readonly name: string;
  readonly description?: string | undefined;
  /** By name: made when the owner has none of that name. */
  readonly category: CategoryReference;
  readonly photos: readonly NewPhoto[];
}

/** Absent keeps what is there; an empty description removes it. */
export interface ItemChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly category?: CategoryReference | undefined;
}

export const MAX_ITEM_NAME = 200;
export const MAX_DESCRIPTION = 5_000;
export const MAX_PHOTOS_PER_REQUEST = 10;
export const MAX_PHOTOS_PER_ITEM = 50;

/** The name as it is kept. Throws InvalidInputError unless 1 to 200 characters are left after trimming. */
export function cleanItemName(name: string): string {
  return cleanLine('nome', name, MAX_ITEM_NAME);
}

/** The description as it is kept; `undefined` when blank. Throws InvalidInputError beyond 5,000 characters. */
export function cleanDescription(description: string): string | undefined {
  return cleanProse('descricao', description, MAX_DESCRIPTION);
}

/** Throws TooManyPhotosError when one request brings more than 10 photos, or the item would hold more than 50. */
export function checkPhotosFit(present: number, added: number): void {
  if (added > MAX_PHOTOS_PER_REQUEST) {
    throw new TooManyPhotosError(`At most ${MAX_PHOTOS_PER_REQUEST} photos at once, got ${added}`);
  }
  if (present + added > MAX_PHOTOS_PER_ITEM) {
    throw new TooManyPhotosError(`An item holds at most ${MAX_PHOTOS_PER_ITEM} photos: it has ${present}, got ${added} more`);
  }
}

/** Throws LastPhotoError when the item would be left without a photo. */
export function checkPhotoRemovable(present: number): void {
  if (present <= 1) {
    throw new LastPhotoError();
  }
}
