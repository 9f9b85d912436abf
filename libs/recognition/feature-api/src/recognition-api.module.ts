import { Module, type DynamicModule } from '@nestjs/common';
import { BackboneService } from './backbone.service.js';
import { ClassificationController } from './classification.controller.js';
import { ClassificationService } from './classification.service.js';
import { ModelsController } from './models.controller.js';
import { ModelsService } from './models.service.js';
import { RecognitionSettings } from './recognition-settings.js';
import { TrainingWatchService } from './training-watch.service.js';
import { TrainingsController } from './trainings.controller.js';
import { TrainingsService } from './trainings.service.js';
import { UpdateModelVersionController } from './update-model-version.controller.js';
import { UploadSweeper } from './upload-sweeper.js';

/** Classifying, trainings and models, as people and the training service call them. */
@Module({})
export class RecognitionApiModule {
  static forRoot(settings: RecognitionSettings): DynamicModule {
    return {
      module: RecognitionApiModule,
      controllers: [ClassificationController, TrainingsController, ModelsController, UpdateModelVersionController],
      providers: [
        { provide: RecognitionSettings, useValue: settings },
        ClassificationService,
        TrainingsService,
        TrainingWatchService,
        ModelsService,
        BackboneService,
        UploadSweeper,
      ],
    };
  }
}
