import { Module, type DynamicModule } from '@nestjs/common';
import { modelCacheFolder, objectPlace } from '@repo/config';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { HttpModule } from '@repo/http';
import { ErrorReporting, HealthModule, MetricsModule, type HealthCheck } from '@repo/observability';
import { RecognitionDatabasesModule } from '@repo/recognition-data-access';
import { ClassifierUpkeep, ClassifyModule } from '@repo/recognition-feature-classify';
import { ObjectStore } from '@repo/storage';
import { StorageModule } from '@repo/storage/connect';
import type { ClassifierConfig } from './classifier-config.js';
import { NetworkModule } from './network.module.js';

const CHECK_TIMEOUT_MS = 1_500;
/** The backend alone calls, for all its users together; what is too much for the network is told by its queue. */
const REQUESTS_PER_MINUTE = 1_000_000;
/** Photos come through the object store. */
const MAX_PHOTO_BYTES = 0;

@Module({})
export class ClassifierModule {
  static async forRoot(config: ClassifierConfig): Promise<DynamicModule> {
    const classify = ClassifyModule.forRoot({ cacheFolder: modelCacheFolder(config), precision: config.OC_CLASSIFIER_PRECISION });
    return {
      module: ClassifierModule,
      imports: [
        RecognitionDatabasesModule.forRoot({
          collectionUrl: config.COLLECTION_DATABASE_URL,
          learningUrl: config.LEARNING_DATABASE_URL,
          poolSize: config.DATABASE_POOL_SIZE,
          applicationName: 'classifier',
        }),
        NetworkModule.forRoot(config),
        ErrorReporting.forRoot({ dsn: config.SENTRY_DSN, service: 'classifier' }),
        await StorageModule.forRoot({ ...objectPlace(config), servesLinks: false }),
        HttpModule.forRoot({ serviceToken: config.OC_SERVICE_TOKEN, requestsPerMinute: REQUESTS_PER_MINUTE, maxPhotoBytes: MAX_PHOTO_BYTES }),
        HealthModule.forRoot({ imports: [classify], inject: [CollectionDatabase, LearningDatabase, ObjectStore, ClassifierUpkeep], useFactory: healthChecks }),
        MetricsModule,
        classify,
      ],
    };
  }
}

function healthChecks(collection: CollectionDatabase, learning: LearningDatabase, objects: ObjectStore, upkeep: ClassifierUpkeep): HealthCheck[] {
  return [
    { name: 'collection database', check: () => collection.check(CHECK_TIMEOUT_MS) },
    { name: 'learning database', check: () => learning.check(CHECK_TIMEOUT_MS) },
    { name: 'objects', check: () => objects.roundTrip(CHECK_TIMEOUT_MS) },
    ...upkeep.healthChecks,
  ];
}
