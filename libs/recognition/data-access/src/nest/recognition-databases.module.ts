import { Global, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { CollectionDatabase, LearningDatabase, openDatabase } from '@repo/database';
import { recognitionProviders } from '../persistence/providers.js';
import { collectionEntities, collectionMigrations, learningEntities, learningMigrations } from '../persistence/tables.js';

export interface RecognitionDatabasesOptions {
  readonly collectionUrl: string;
  readonly learningUrl: string;
  /** Connections to each. */
  readonly poolSize: number;
  /** Shown in the servers' lists of sessions. */
  readonly applicationName: string;
}

/** Both databases with recognition's ports, for services that need no other subject's tables. */
@Global()
@Module({})
export class RecognitionDatabasesModule implements OnApplicationShutdown {
  constructor(
    private readonly collection: CollectionDatabase,
    private readonly learning: LearningDatabase,
  ) {}

  static forRoot({ collectionUrl, learningUrl, poolSize, applicationName }: RecognitionDatabasesOptions): DynamicModule {
    const collection = { entities: collectionEntities, migrations: collectionMigrations, poolSize, applicationName };
    const learning = { entities: learningEntities, migrations: learningMigrations, poolSize, applicationName };
    return {
      module: RecognitionDatabasesModule,
      providers: [
        { provide: CollectionDatabase, useFactory: async () => new CollectionDatabase(await openDatabase(collectionUrl, collection)) },
        { provide: LearningDatabase, useFactory: async () => new LearningDatabase(await openDatabase(learningUrl, learning)) },
        ...recognitionProviders,
      ],
      exports: [CollectionDatabase, LearningDatabase, ...recognitionProviders],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.collection.close(), this.learning.close()]);
  }
}
