import type { NewItem, NewPhoto, PhotoMessages } from '@repo/collection-domain';
import { CollectionDatabase } from '@repo/database';
import { openScratchDatabase, openScratchMssql } from '@repo/database/testing';
import { Clock, newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { collectionEntities, collectionMigrations } from './tables.js';

/** The SQL Server on which the specs run where one is named, as CI does; else it is PostgreSQL. */
export const sqlServerUrl = process.env['TEST_MSSQL_URL'];

export async function openScratchCollection(): Promise<CollectionDatabase> {
  const options = { entities: collectionEntities, migrations: collectionMigrations, poolSize: 12 };
  return new CollectionDatabase(await (sqlServerUrl ? openScratchMssql(sqlServerUrl, options) : openScratchDatabase(options)));
}

/** Goes on by one millisecond each time it is asked, so that order is never left to chance. */
export class TickingClock extends Clock {
  constructor(public time = new Date('2026-03-01T12:00:00.000Z')) {
    super();
  }

  now(): Date {
    this.time = new Date(this.time.getTime() + 1);
    return this.time;
  }

  advance(ms: number): void {
    this.time = new Date(this.time.getTime() + ms);
  }
}

export function newPhoto(overrides: Partial<NewPhoto> = {}): NewPhoto {
  const id = newId<PhotoId>();
  return { id, objectKey: `item/x/${id}.jpg`, sha256: 'ab'.repeat(32), bytes: 1_234, width: 640, height: 480, ...overrides };
}

export function newItem(ownerId: UserId, overrides: Partial<NewItem> = {}): NewItem {
  return { id: newId<ItemId>(), ownerId, name: 'Dobrão', category: { name: 'Moedas' }, photos: [newPhoto()], ...overrides };
}

/** One message for each photo, as the real callers leave. */
export const oneMessageEach: PhotoMessages = (item, photos) =>
  photos.map((photo) => ({ messageName: 'photo.augment.v1', queue: 'ImageAugmentations', messageId: newId(), body: { itemId: item.id, fotoId: photo.id, categoria: item.category.name } }));
