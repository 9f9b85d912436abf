import { Module, type DynamicModule } from '@nestjs/common';
import { ItemsModule } from '@repo/collection-feature-items';
import { messagesUrl, objectPlace } from '@repo/config';
import { HttpModule } from '@repo/http';
import { AuthModule, AuthSettings } from '@repo/identity-feature-auth';
import { MessagingModule } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { ErrorReporting, HealthModule, MetricsModule } from '@repo/observability';
import { OperationsModule, OperationsSettings } from '@repo/operations-feature-queues';
import { RecognitionApiModule } from '@repo/recognition-feature-api';
import { StorageModule } from '@repo/storage/connect';
import type { BackendConfig } from './backend-config.js';
import { DatabasesModule } from './databases.module.js';
import { healthChecks, healthParts } from './health-checks.js';
import { HomeController } from './home.controller.js';
import { PartsModule } from './parts.module.js';

@Module({})
export class BackendModule {
  static async forRoot(config: BackendConfig): Promise<DynamicModule> {
    return {
      module: BackendModule,
      controllers: [HomeController],
      imports: [
        ErrorReporting.forRoot({ dsn: config.SENTRY_DSN, service: 'backend' }),
        DatabasesModule.forRoot(config),
        MessagingModule.forRoot({ useFactory: () => connectMessageBus({ url: messagesUrl(config) }) }),
        await StorageModule.forRoot({ ...objectPlace(config), servesLinks: true }),
        PartsModule.forRoot(config),
        HttpModule.forRoot({
          serviceToken: config.OC_SERVICE_TOKEN,
          requestsPerMinute: config.OC_REQUESTS_PER_MINUTE,
          maxPhotoBytes: config.OC_UPLOAD_MAX_MB * 1_000_000,
        }),
        HealthModule.forRoot({ inject: healthParts, useFactory: healthChecks(config.OC_CLASSIFIER_URL) }),
        MetricsModule,
        AuthModule.forRoot(new AuthSettings(config.OC_JWT_SECRET, config.OC_TOKEN_MINUTES)),
        ItemsModule,
        RecognitionApiModule.forRoot({ confidenceThreshold: config.OC_CONFIDENCE_THRESHOLD }),
        OperationsModule.forRoot(new OperationsSettings(config.OC_LOST_AFTER_MINUTES * 60_000)),
      ],
    };
  }
}
