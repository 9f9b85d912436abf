import { Global, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { collectionEntities, collectionMigrations, collectionProviders } from '@repo/collection-data-access';
import { CollectionDatabase, LearningDatabase, openDatabase } from '@repo/database';
import * as identity from '@repo/identity-data-access';
import { operationsEntities, operationsMigrations, operationsProviders } from '@repo/operations-data-access';
import * as recognition from '@repo/recognition-data-access';
import type { BackendConfig } from './backend-config.js';

export const collectionTables = {
  entities: [...collectionEntities, ...identity.collectionEntities, ...recognition.collectionEntities, ...operationsEntities],
  migrations: [...collectionMigrations, ...identity.collectionMigrations, ...recognition.collectionMigrations, ...operationsMigrations],
};
export const learningTables = { entities: recognition.learningEntities, migrations: recognition.learningMigrations };

const providers = [...collectionProviders, ...identity.identityProviders, ...recognition.recognitionProviders, ...operationsProviders];

/** Both databases, and the ports that are kept in them. */
@Global()
@Module({})
export class DatabasesModule implements OnApplicationShutdown {
  constructor(
    private readonly collection: CollectionDatabase,
    private readonly learning: LearningDatabase,
  ) {}

  static forRoot(config: BackendConfig): DynamicModule {
    const poolSize = config.DATABASE_POOL_SIZE;
    return {
      module: DatabasesModule,
      providers: [
        {
          provide: CollectionDatabase,
          useFactory: async () => new CollectionDatabase(await openDatabase(config.COLLECTION_DATABASE_URL, { ...collectionTables, poolSize, applicationName: 'backend' })),
        },
        {
          provide: LearningDatabase,
          useFactory: async () => new LearningDatabase(await openDatabase(config.LEARNING_DATABASE_URL, { ...learningTables, poolSize, applicationName: 'backend' })),
        },
        ...providers,
      ],
      exports: [CollectionDatabase, LearningDatabase, ...providers],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.collection.close(), this.learning.close()]);
  }
}
