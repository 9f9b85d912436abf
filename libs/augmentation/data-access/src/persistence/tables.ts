import type { EntityClass, MigrationClass } from '@repo/database';
import { Augmentation1760000200000 } from './augmentation.migration.js';

/** What augmentation brings to the learning database. Its queries are PostgreSQL's own, so they need no entities. */
export const learningEntities: EntityClass[] = [];
export const learningMigrations: MigrationClass[] = [Augmentation1760000200000];
