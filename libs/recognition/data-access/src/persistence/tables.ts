import type { EntityClass, MigrationClass } from '@repo/database';
import { ClassificationRow } from './classification.row.js';
import { CountedPhotos1760000500000 } from './counted-photos.migration.js';
import { ModelRow } from './model.row.js';
import { RecognitionCollection1760000300000 } from './recognition-collection.migration.js';
import { RecognitionLearning1760000300000 } from './recognition-learning.migration.js';
import { TemporaryUploadRow } from './temporary-upload.row.js';

/** What recognition brings to the two databases. */
export const collectionEntities: EntityClass[] = [ModelRow, ClassificationRow, TemporaryUploadRow];
export const collectionMigrations: MigrationClass[] = [RecognitionCollection1760000300000];
/** Its queries there are PostgreSQL's own, so they need no entities. */
export const learningEntities: EntityClass[] = [];
export const learningMigrations: MigrationClass[] = [RecognitionLearning1760000300000, CountedPhotos1760000500000];
