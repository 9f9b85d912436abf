import { Module, type DynamicModule } from '@nestjs/common';
import { CollectionTrainingService } from './collection-training.service.js';
import { ModelPublisher } from './model-publisher.js';
import { ModelTrainingHandler } from './model-training.handler.js';
import { PendingAugmentation } from './pending-augmentation.js';
import { PhotoEmbedder } from './photo-embedder.js';
import { TrainingMaterialService } from './training-material.service.js';
import { TrainingScheduler } from './training-scheduler.js';
import { TrainingSettings } from './training-settings.js';
import { VersionSweeper } from './version.sweeper.js';

/** Trainings: asks the app for the ports of recognition, storage and messages. */
@Module({})
export class TrainModule {
  static forRoot(settings: TrainingSettings): DynamicModule {
    return {
      module: TrainModule,
      controllers: [ModelTrainingHandler],
      providers: [
        { provide: TrainingSettings, useValue: settings },
        TrainingScheduler,
        PendingAugmentation,
        CollectionTrainingService,
        TrainingMaterialService,
        PhotoEmbedder,
        ModelPublisher,
        VersionSweeper,
      ],
      exports: [TrainingScheduler],
    };
  }
}
