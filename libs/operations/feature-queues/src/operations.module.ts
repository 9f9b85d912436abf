import { Module, type DynamicModule } from '@nestjs/common';
import { DeadLetterWatcher } from './dead-letter-watcher.js';
import { DeadLettersService } from './dead-letters.service.js';
import { ErrorsController } from './errors.controller.js';
import { OperationsSettings } from './operations-settings.js';
import { QueuesController } from './queues.controller.js';
import { Reconciler } from './reconciler.js';

/** What failed for good, and what people do about it; and nothing is lost when the broker loses it. */
@Module({})
export class OperationsModule {
  static forRoot(settings: OperationsSettings): DynamicModule {
    return {
      module: OperationsModule,
      controllers: [QueuesController, ErrorsController],
      providers: [{ provide: OperationsSettings, useValue: settings }, DeadLetterWatcher, DeadLettersService, Reconciler],
      exports: [DeadLetterWatcher, Reconciler],
    };
  }
}
