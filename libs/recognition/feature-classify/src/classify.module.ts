import { Module, type DynamicModule } from '@nestjs/common';
import { ClassifierSettings } from './classifier-settings.js';
import { ClassifierUpkeep } from './classifier-upkeep.js';
import { ClassifyController } from './classify.controller.js';
import { ClassifyService } from './classify.service.js';
import { ModelFileCache } from './model-file-cache.js';
import { ModelKeeper } from './model-keeper.js';
import { ModelLoader } from './model-loader.js';
import { PhotoIndexes } from './photo-indexes.js';
import { Serving } from './serving.js';
import { VersionController } from './version.controller.js';

/** `POST /classify`: asks the app for the ports of recognition and storage. */
@Module({})
export class ClassifyModule {
  static forRoot(settings: ClassifierSettings): DynamicModule {
    return {
      module: ClassifyModule,
      controllers: [ClassifyController, VersionController],
      providers: [
        { provide: ClassifierSettings, useValue: settings },
        ClassifyService,
        Serving,
        ClassifierUpkeep,
        ModelKeeper,
        ModelLoader,
        ModelFileCache,
        PhotoIndexes,
      ],
      exports: [ClassifierUpkeep],
    };
  }
}
