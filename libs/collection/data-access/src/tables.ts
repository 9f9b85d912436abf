import type { EntityClass, MigrationClass } from '@repo/database';
import { CategoryRow } from './category.row.js';
import { CollectionVersionRow } from './collection-version.row.js';
import { CollectionVersions1763600100000 } from './collection-versions.migration.js';
import { Collection1760000100000 } from './collection.migration.js';
import { IdempotencyKeyRow } from './idempotency-key.row.js';
import { ItemRow } from './item.row.js';
import { OutboxClaims1763600200000 } from './outbox-claims.migration.js';
import { OutboxRow } from './outbox.row.js';
import { PhotoRow } from './photo.row.js';
import { RemovedPhotoRow } from './removed-photo.row.js';

/** What this subject brings to the collection database. */
export const collectionEntities: EntityClass[] = [CategoryRow, ItemRow, PhotoRow, CollectionVersionRow, RemovedPhotoRow, OutboxRow, IdempotencyKeyRow];
export const collectionMigrations: MigrationClass[] = [Collection1760000100000, CollectionVersions1763600100000, OutboxClaims1763600200000];
