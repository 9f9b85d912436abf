import type { Provider } from '@nestjs/common';
import { CollectionDatabase, type EntityClass, type MigrationClass } from '@repo/database';
import { UserRepository } from '@repo/identity-domain';
import { Identity1760000000000 } from './identity.migration.js';
import { SqlUserRepository } from './sql-user.repository.js';
import { UserRow } from './user.row.js';

export { SqlUserRepository };

/** What this subject brings to the collection database. */
export const collectionEntities: EntityClass[] = [UserRow];
export const collectionMigrations: MigrationClass[] = [Identity1760000000000];

/** What an app names to get this subject's ports; it brings the CollectionDatabase. */
export const identityProviders: Provider[] = [
  { provide: UserRepository, useFactory: (database: CollectionDatabase) => new SqlUserRepository(database), inject: [CollectionDatabase] },
];
