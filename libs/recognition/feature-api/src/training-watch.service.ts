import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { SignedInUser } from '@repo/http';
import { TemporaryError, type TrainingRunId } from '@repo/kernel';
import { isFinished } from '@repo/recognition-domain';
import { TrainingsService } from './trainings.service.js';
import type { TrainingAnswer } from './wire.js';

/** As often as a training writes its progress. */
const LOOK_EVERY_MS = 500;

/** A training each time that it changes. */
@Injectable()
export class TrainingWatchService {
  constructor(private readonly trainings: TrainingsService) {}

  /** First what is true now, then each change; ends with the training. */
  async *watch(user: SignedInUser, id: TrainingRunId, signal: AbortSignal): AsyncIterable<TrainingAnswer> {
    let last = '';
    while (!signal.aborted) {
      const training = await this.trainings.get(user, id).catch(ignoreTemporary);
      const text = JSON.stringify(training);
      if (training && text !== last) {
        last = text;
        yield training;
        if (isFinished(training.status)) {
          return;
        }
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {}); // the reader left
    }
  }
}

/** The database may be back at the next look. */
function ignoreTemporary(error: unknown): undefined {
  if (!(error instanceof TemporaryError)) {
    throw error;
  }
  return undefined;
}
