import { Controller } from '@nestjs/common';
import { modelTraining, type MessageOf } from '@repo/contracts';
import { Clock, done, type Outcome, type PhotoId } from '@repo/kernel';
import { Handles } from '@repo/messaging';
import { TrainingRuns } from '@repo/recognition-domain';
import { TrainingScheduler } from './training-scheduler.js';

/** Counts photos towards the next training; the schedule decides when that is. */
@Controller()
export class ModelTrainingHandler {
  constructor(
    private readonly runs: TrainingRuns,
    private readonly scheduler: TrainingScheduler,
    private readonly clock: Clock,
  ) {}

  @Handles(modelTraining, { parallel: 4 })
  async count({ fotoId }: MessageOf<typeof modelTraining>): Promise<Outcome> {
    await this.runs.countNewPhoto(fotoId as PhotoId, this.clock.now());
    this.scheduler.wake();
    return done();
  }
}
