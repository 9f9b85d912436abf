import { Module, type DynamicModule } from '@nestjs/common';
import { messagesUrl, objectPlace } from '@repo/config';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { MessageBus, MessagingModule } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { HealthModule, MetricsModule, type HealthCheck } from '@repo/observability';
import { RecognitionDatabasesModule } from '@repo/recognition-data-access';
import { defaultTrainingParameters, defaultTrainingRules } from '@repo/recognition-domain';
import { TrainModule } from '@repo/recognition-feature-train';
import { ObjectStore } from '@repo/storage';
import { StorageModule } from '@repo/storage/connect';
import { LearningPartsModule, networkThreads } from './learning-parts.module.js';
import type { TrainingConfig } from './training-config.js';

const CHECK_TIMEOUT_MS = 1_500;
/** A killed training is taken up again after this long. */
const LEASE_MS = 30_000;

@Module({})
export class TrainingModule {
  static async forRoot(config: TrainingConfig, { once }: { once: boolean }): Promise<DynamicModule> {
    return {
      module: TrainingModule,
      imports: [
        RecognitionDatabasesModule.forRoot({
          collectionUrl: config.COLLECTION_DATABASE_URL,
          learningUrl: config.LEARNING_DATABASE_URL,
          poolSize: config.DATABASE_POOL_SIZE,
          applicationName: 'training',
        }),
        MessagingModule.forRoot({ useFactory: () => connectMessageBus({ url: messagesUrl(config) }) }),
        await StorageModule.forRoot({ ...objectPlace(config), servesLinks: false }),
        LearningPartsModule.forRoot(config),
        HealthModule.forRoot({ inject: [CollectionDatabase, LearningDatabase, MessageBus, ObjectStore], useFactory: healthChecks }),
        MetricsModule,
        TrainModule.forRoot({
          rules: { ...defaultTrainingRules, minNewPhotos: config.OC_TRAINING_MIN_NEW_PHOTOS, idleMs: config.OC_TRAINING_IDLE_MINUTES * 60_000 },
          parameters: { ...defaultTrainingParameters, seed: config.OC_TRAINING_SEED },
          leaseMs: LEASE_MS,
          parallelImages: networkThreads * 3, // two in each thread, one being fetched
          once,
        }),
      ],
    };
  }
}

function healthChecks(collection: CollectionDatabase, learning: LearningDatabase, messages: MessageBus, objects: ObjectStore): HealthCheck[] {
  return [
    { name: 'collection database', check: () => collection.check(CHECK_TIMEOUT_MS) },
    { name: 'learning database', check: () => learning.check(CHECK_TIMEOUT_MS) },
    { name: 'messages', check: () => messages.roundTrip(CHECK_TIMEOUT_MS) },
    { name: 'objects', check: () => objects.roundTrip(CHECK_TIMEOUT_MS) },
  ];
}
