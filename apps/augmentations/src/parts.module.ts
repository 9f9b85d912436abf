import { Global, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ImageProcessPool, learningEntities, learningMigrations, SqlAugmentationRepository, SqlInbox } from '@repo/augmentation-data-access';
import { AugmentationRepository, Inbox, PhotoRenderer } from '@repo/augmentation-domain';
import { LearningDatabase, openDatabase } from '@repo/database';
import { Clock, SystemClock } from '@repo/kernel';
import type { AugmentationsConfig } from './augmentations-config.js';

/** Of every variant; what 90 loses is below what a camera's own JPEG has lost already. */
const JPEG_QUALITY = 90;

/** What augmentation needs besides messages and objects: its tables and the image processes. */
@Global()
@Module({})
export class PartsModule implements OnApplicationShutdown {
  constructor(
    private readonly database: LearningDatabase,
    private readonly renderer: ImageProcessPool,
  ) {}

  static forRoot(config: AugmentationsConfig): DynamicModule {
    const format = { longSide: config.OC_VARIANT_LONG_SIDE, jpegQuality: JPEG_QUALITY };
    const options = { entities: learningEntities, migrations: learningMigrations, poolSize: config.DATABASE_POOL_SIZE, applicationName: 'augmentations' };
    return {
      module: PartsModule,
      providers: [
        { provide: LearningDatabase, useFactory: async () => new LearningDatabase(await openDatabase(config.LEARNING_DATABASE_URL, options)) },
        { provide: ImageProcessPool, useFactory: () => new ImageProcessPool({ workers: config.OC_AUGMENT_WORKERS, format, crashAt: config.CRASH_AT }) },
        { provide: PhotoRenderer, useExisting: ImageProcessPool },
        { provide: AugmentationRepository, useFactory: (database: LearningDatabase) => new SqlAugmentationRepository(database), inject: [LearningDatabase] },
        { provide: Inbox, useFactory: (database: LearningDatabase) => new SqlInbox(database), inject: [LearningDatabase] },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [LearningDatabase, PhotoRenderer, AugmentationRepository, Inbox, Clock],
    };
  }

  // After the message bus has let the running handlers finish.
  async onApplicationShutdown(): Promise<void> {
    this.renderer.close();
    await this.database.close();
  }
}
