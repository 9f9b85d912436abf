import { Module, type DynamicModule } from '@nestjs/common';
import { AugmentModule } from '@repo/augmentation-feature-augment';
import { messagesUrl, objectPlace } from '@repo/config';
import { LearningDatabase } from '@repo/database';
import { MessageBus, MessagingModule } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { HealthModule, MetricsModule, type HealthCheck } from '@repo/observability';
import { ObjectStore } from '@repo/storage';
import { StorageModule } from '@repo/storage/connect';
import type { AugmentationsConfig } from './augmentations-config.js';
import { PartsModule } from './parts.module.js';

const CHECK_TIMEOUT_MS = 1_500;

@Module({})
export class AugmentationsModule {
  static async forRoot(config: AugmentationsConfig): Promise<DynamicModule> {
    return {
      module: AugmentationsModule,
      imports: [
        PartsModule.forRoot(config),
        MessagingModule.forRoot({ useFactory: () => connectMessageBus({ url: messagesUrl(config) }) }),
        await StorageModule.forRoot({ ...objectPlace(config), servesLinks: false }),
        HealthModule.forRoot({ inject: [LearningDatabase, MessageBus, ObjectStore], useFactory: healthChecks }),
        MetricsModule,
        AugmentModule,
      ],
    };
  }
}

function healthChecks(database: LearningDatabase, messages: MessageBus, objects: ObjectStore): HealthCheck[] {
  return [
    { name: 'learning database', check: () => database.check(CHECK_TIMEOUT_MS) },
    { name: 'messages', check: () => messages.roundTrip(CHECK_TIMEOUT_MS) },
    { name: 'objects', check: () => objects.roundTrip(CHECK_TIMEOUT_MS) },
  ];
}
