import type { PhotoId, TrainingRunId, UserId } from '@repo/kernel';
import type { ModelVersion } from './model-version.js';
import type { TrainingProgress, TrainingRun } from './training-run.js';
import type { QueuedTraining, ScheduleState } from './training-schedule.js';

/** The right to carry a run on. A later claim of the same run has a higher fence, and what an earlier one writes is refused. */
export interface TrainingClaim {
  readonly run: TrainingRun;
  readonly fence: number;
  /** Starts of this run that ended without a word, this one included: a run that kills its worker must end. */
  readonly attempt: number;
}

export type TrainingResult =
  | { readonly status: 'done'; readonly reason: string | undefined }
  | { readonly status: 'refused' | 'failed'; readonly reasonCode: string; readonly reason: string };

/** Trainings and what waits for one. Times are the caller's clock; methods throw TemporaryError. */
export abstract class TrainingRuns {
  /** Queues a training. One of the same person that still waits is answered instead, asked for anew at `at`. */
  abstract request(request: { motive: string | undefined; requestedBy: UserId | undefined; at: Date }): Promise<TrainingRun>;

  /** Throws TrainingNotFoundError. */
  abstract get(id: TrainingRunId): Promise<TrainingRun>;

  /** Newest request first, at most `limit`. */
  abstract list(limit: number): Promise<TrainingRun[]>;

  /** Takes a queued run. Undefined when it is not queued any more, or another one runs. */
  abstract claim(id: TrainingRunId, now: Date, leaseUntil: Date): Promise<TrainingClaim | undefined>;

  /** Keeps the lease and writes the progress. `cancelled` or `lost`: stop working, nothing was written. */
  abstract heartbeat(claim: TrainingClaim, leaseUntil: Date, progress: TrainingProgress): Promise<'held' | 'cancelled' | 'lost'>;

  /**
   * The version's files and figures are stored: whoever takes the run up again need only announce it.
   * False, and nothing written, when the claim does not hold any more.
   */
  abstract noteVersion(claim: TrainingClaim, version: ModelVersion): Promise<boolean>;

  /** False, and nothing written, when the claim does not hold any more. */
  abstract finish(claim: TrainingClaim, result: TrainingResult, progress: TrainingProgress, at: Date): Promise<boolean>;

  /** Gives the run back to the queue. A start that was only interrupted does not count as an attempt. */
  abstract release(claim: TrainingClaim, why: 'interrupted' | 'failed'): Promise<void>;

  /** Back to the queue, unless its worker renewed the lease after all. */
  abstract requeueLost(id: TrainingRunId, now: Date): Promise<void>;

  /** What a person sees of a run that waits. */
  abstract noteWaiting(id: TrainingRunId, progress: TrainingProgress): Promise<void>;

  /**
   * The photos that it was for, or that it had gathered, wait for the next new one: a training that
   * was cancelled must not start again by itself. Throws TrainingNotFoundError, and TrainingFinishedError
   * also once a version is noted: that one may serve already.
   */
  abstract cancel(id: TrainingRunId, reason: string, at: Date): Promise<TrainingRun>;

  /** What the schedule decides on; the queued run without its photos. */
  abstract scheduleState(): Promise<PendingTraining>;

  /** Counts a photo towards the next training, once however often it is told, also after that training. */
  abstract countNewPhoto(photoId: PhotoId, at: Date): Promise<void>;

  /** The photos counted at `until` or earlier are in a training now, and never new again. */
  abstract clearNewPhotos(until: Date): Promise<void>;
}

export interface PendingTraining extends Omit<ScheduleState, 'queued'> {
  readonly queued: Omit<QueuedTraining, 'photosAugmenting'> | undefined;
}
