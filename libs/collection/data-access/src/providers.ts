import type { Provider } from '@nestjs/common';
import { CategoryRepository, ItemRepository, PhotoRegister, SentMessages } from '@repo/collection-domain';
import { CollectionDatabase } from '@repo/database';
import { IdempotencyStore } from '@repo/http/idempotency-store';
import { OutboxStore } from '@repo/messaging';
import { SqlCategoryRepository } from './sql-category.repository.js';
import { SqlIdempotencyStore } from './sql-idempotency.store.js';
import { SqlItemRepository } from './sql-item.repository.js';
import { SqlOutboxStore } from './sql-outbox.store.js';
import { SqlPhotoRegister } from './sql-photo-register.js';

/** What an app names to get this subject's ports; it brings the CollectionDatabase. */
export const collectionProviders: Provider[] = [
  { provide: ItemRepository, useFactory: (database: CollectionDatabase) => new SqlItemRepository(database), inject: [CollectionDatabase] },
  { provide: CategoryRepository, useFactory: (database: CollectionDatabase) => new SqlCategoryRepository(database), inject: [CollectionDatabase] },
  { provide: SqlIdempotencyStore, useFactory: (database: CollectionDatabase) => new SqlIdempotencyStore(database), inject: [CollectionDatabase] },
  { provide: IdempotencyStore, useExisting: SqlIdempotencyStore },
  { provide: SqlOutboxStore, useFactory: (database: CollectionDatabase) => new SqlOutboxStore(database), inject: [CollectionDatabase] },
  { provide: OutboxStore, useExisting: SqlOutboxStore },
  { provide: SentMessages, useExisting: SqlOutboxStore },
  { provide: PhotoRegister, useFactory: (database: CollectionDatabase) => new SqlPhotoRegister(database), inject: [CollectionDatabase] },
];
