import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, TemporaryError, type TrainingRunId } from '@repo/kernel';
import { counter, gauge } from '@repo/observability';
import { decideTraining, isFinished, TrainingRuns, type TrainingClaim, type TrainingResult, type TrainingRun } from '@repo/recognition-domain';
import { CollectionTrainingService } from './collection-training.service.js';
import { PendingAugmentation } from './pending-augmentation.js';
import { releaseMemory } from './release-memory.js';
import { TrainingHeartbeat, TrainingStopped } from './training-heartbeat.js';
import { TrainingSettings } from './training-settings.js';

const LOOK_EVERY_MS = 1_000;
/** Starts of a run that may end badly: a photo set that kills its worker must not do so for ever. */
const MAX_ATTEMPTS = 3;
const WAIT_AFTER_FAILURE_MS = 10_000;

const finished = counter('trainings_finished_total', 'Trainings by how they ended', ['status']);
const isTraining = gauge('training_running', '1 while a training runs in this process');

/** Decides when to train and sees each training through, one at a time. */
@Injectable()
export class TrainingScheduler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(TrainingScheduler.name);
  private isStopping = false;
  private looping: Promise<void> | undefined;
  private current: TrainingHeartbeat | undefined;
  private endPause: () => void = () => {};
  private notBefore = 0;

  constructor(
    private readonly runs: TrainingRuns,
    private readonly augmentation: PendingAugmentation,
    private readonly training: CollectionTrainingService,
    private readonly clock: Clock,
    private readonly settings: TrainingSettings,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.once) {
      this.looping = this.loop(() => this.isStopping);
    }
  }

  /** The training in hand goes back to the queue; what it embedded stays cached. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    this.current?.stop('interrupted');
    this.wake();
    await this.looping;
  }

  /** Looks at once whether there is something to do. */
  wake(): void {
    this.endPause();
  }

  /** Trains once, queued by somebody or now by itself, and answers how it ended. */
  async trainOnce(): Promise<TrainingRun> {
    const { running, queued } = await this.runs.scheduleState();
    const { id } = running ?? queued ?? (await this.runs.request({ motive: 'asked for on the command line', requestedBy: undefined, at: this.clock.now() }));
    let run = await this.runs.get(id);
    this.looping = this.loop(async () => {
      run = await this.runs.get(id);
      return this.isStopping || isFinished(run.status);
    });
    await this.looping;
    return run;
  }

  private async loop(isOver: () => boolean | Promise<boolean>): Promise<void> {
    this.logger.log('[*] Waiting for photos to train on');
    for (;;) {
      try {
        if (await isOver()) {
          return;
        }
        if (await this.step()) {
          continue;
        }
      } catch (error) {
        this.logger.error(error instanceof Error ? error : String(error), 'the training schedule could not be read');
      }
      await this.pause();
    }
  }

  /** Answers whether something was done, so that there may be more. */
  private async step(): Promise<boolean> {
    const now = this.clock.now();
    if (now.getTime() < this.notBefore) {
      return false;
    }
    const pending = await this.runs.scheduleState();
    const queued = pending.queued && !pending.running ? { ...pending.queued, photosAugmenting: await this.augmentation.count(pending.queued) } : undefined;
    const decision = decideTraining({ ...pending, queued }, now, this.settings.rules);
    switch (decision.kind) {
      case 'requeue':
        this.logger.warn({ msg: 'a training lost its worker: it is queued again', run: decision.id });
        await this.runs.requeueLost(decision.id, now);
        return true;
      case 'request':
        await this.runs.request({ motive: decision.motive, requestedBy: undefined, at: now });
        return true;
      case 'start':
        return this.start(decision.id);
      case 'wait':
        if (queued) {
          await this.runs.noteWaiting(queued.id, { phase: 'waiting', percent: 0, photosAugmenting: queued.photosAugmenting, epochs: [] });
        }
        return false;
    }
  }

  private async start(id: TrainingRunId): Promise<boolean> {
    const startedAt = this.clock.now();
    const claim = await this.runs.claim(id, startedAt, new Date(startedAt.getTime() + this.settings.leaseMs));
    if (!claim) {
      return false;
    }
    this.logger.log({ msg: 'training', run: id, motive: claim.run.motive, attempt: claim.attempt });
    const heartbeat = new TrainingHeartbeat(claim, this.runs, this.clock, this.settings.leaseMs);
    this.current = heartbeat;
    isTraining.set(1);
    try {
      const result = await this.seeThrough(claim, heartbeat);
      await heartbeat.end();
      await this.finish(claim, result, heartbeat, startedAt);
    } catch (error) {
      await heartbeat.end();
      await this.giveBack(claim, error);
    } finally {
      this.current = undefined;
      isTraining.set(0);
      releaseMemory();
    }
    return true;
  }

  /** Throws what makes the run go back to the queue, or leaves it to others. */
  private async seeThrough(claim: TrainingClaim, heartbeat: TrainingHeartbeat): Promise<TrainingResult> {
    if (claim.attempt > MAX_ATTEMPTS) {
      return { status: 'failed', reasonCode: 'WORKER_DIED', reason: `Its worker died or failed ${MAX_ATTEMPTS} times` };
    }
    if (this.isStopping) {
      throw new TrainingStopped('interrupted');
    }
    try {
      return await this.training.train(claim, heartbeat);
    } catch (error) {
      const cause = heartbeat.signal.aborted ? heartbeat.signal.reason : error;
      if (cause instanceof TrainingStopped || (cause instanceof TemporaryError && claim.attempt < MAX_ATTEMPTS)) {
        throw cause;
      }
      this.logger.error(cause, `training ${claim.run.id} failed`);
      const { code, message } = cause as { code?: string; message?: string };
      return { status: 'failed', reasonCode: code ?? 'INTERNAL', reason: message ?? String(cause) };
    }
  }

  private async finish(claim: TrainingClaim, result: TrainingResult, heartbeat: TrainingHeartbeat, startedAt: Date): Promise<void> {
    const progress = result.status === 'done' ? { ...heartbeat.progress, percent: 100 } : heartbeat.progress;
    if (!(await this.runs.finish(claim, result, progress, this.clock.now()))) {
      this.logger.warn({ msg: 'a training ended, but was no longer ours', run: claim.run.id });
      return;
    }
    // Whatever became of it, it looked at these photos: the same ones would end the same way.
    await this.runs.clearNewPhotos(startedAt);
    finished.inc({ status: result.status });
    this.logger.log({ msg: 'training ended', run: claim.run.id, ...result });
  }

  private async giveBack(claim: TrainingClaim, error: unknown): Promise<void> {
    const why = error instanceof TrainingStopped ? error.why : 'failed';
    this.logger.warn({ msg: 'training stopped', run: claim.run.id, why, ...(why === 'failed' && { err: error }) });
    if (why === 'failed') {
      this.notBefore = this.clock.now().getTime() + WAIT_AFTER_FAILURE_MS;
    }
    if (why === 'failed' || why === 'interrupted') {
      await this.runs.release(claim, why);
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      this.endPause = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.isStopping) {
        this.endPause();
      }
    });
  }
}
