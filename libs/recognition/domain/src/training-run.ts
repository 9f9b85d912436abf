import { DomainError, type TrainingRunId, type UserId } from '@repo/kernel';
import type { EpochReport } from './head-training.js';
import type { LeftOutCategory } from './model-trainer.js';
import type { ModelVersion } from './model-version.js';

export type TrainingStatus = 'queued' | 'running' | 'done' | 'refused' | 'failed' | 'cancelled';

/** `refused`: too little to learn from, or not good enough to serve. `failed`: something broke. */
const nextStatuses: Record<TrainingStatus, readonly TrainingStatus[]> = {
  queued: ['running', 'cancelled', 'failed'],
  // Back to the queue when its worker stops, politely or not.
  running: ['queued', 'done', 'refused', 'failed', 'cancelled'],
  done: [],
  refused: [],
  failed: [],
  cancelled: [],
};

export function canBecome(from: TrainingStatus, to: TrainingStatus): boolean {
  return nextStatuses[from].includes(to);
}

/** The statuses from which `to` can be reached; what an UPDATE must find. */
export function statusesBefore(to: TrainingStatus): TrainingStatus[] {
  return (Object.keys(nextStatuses) as TrainingStatus[]).filter((from) => canBecome(from, to));
}

export function isFinished(status: TrainingStatus): boolean {
  return nextStatuses[status].length === 0;
}

/** Whether who claimed a run under `fence` may still write: nobody claimed or ended it since. */
export function isHeld({ status, fence }: { readonly status: TrainingStatus; readonly fence: number }, claimedUnder: number): boolean {
  return status === 'running' && fence === claimedUnder;
}

/** A run that has stored a version may serve already: then it is too late. */
export function mayBeCancelled({ status, modelVersion }: { readonly status: TrainingStatus; readonly modelVersion: ModelVersion | undefined }): boolean {
  return canBecome(status, 'cancelled') && modelVersion === undefined;
}

/** Whether the photos that a cancelled run was for wait for the next new one: a training that was stopped must not start again by itself. */
export function takesItsPhotosAlong({ startedAt, requestedBy }: { readonly startedAt: Date | undefined; readonly requestedBy: UserId | undefined }): boolean {
  return startedAt !== undefined || requestedBy === undefined;
}

export type TrainingPhase = 'waiting' | 'gathering' | 'embedding' | 'training' | 'writing' | 'uploading' | 'announcing';

/** What a person sees of a training while it runs, and keeps afterwards. */
export interface TrainingProgress {
  readonly phase: TrainingPhase;
  /** 0 to 100, over all phases. */
  readonly percent: number;
  /** Photos stored before the request whose variants are still being made. */
  readonly photosAugmenting?: number;
  readonly photos?: number;
  readonly categories?: number;
  /** Photos and variants to embed, and how many of them are. */
  readonly images?: number;
  readonly embedded?: number;
  readonly epochs: readonly EpochReport[];
  /** Categories that the training left out, once it has looked. */
  readonly leftOut?: readonly LeftOutCategory[];
  /** Seconds that the present phase is expected to take still. */
  readonly etaS?: number;
}

export interface TrainingRun {
  readonly id: TrainingRunId;
  readonly status: TrainingStatus;
  /** Why it was asked for, in a person's or the schedule's words. */
  readonly motive: string | undefined;
  /** Undefined when the schedule asked. */
  readonly requestedBy: UserId | undefined;
  readonly requestedAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly reasonCode: string | undefined;
  /** Why it was refused, failed or cancelled. */
  readonly reason: string | undefined;
  readonly modelVersion: ModelVersion | undefined;
  readonly progress: TrainingProgress | undefined;
}

export class TrainingNotFoundError extends DomainError {
  readonly code = 'TRAINING_NOT_FOUND';
  constructor(id: string) {
    super(`There is no training ${id}`);
  }
}

export class TrainingFinishedError extends DomainError {
  readonly code = 'TRAINING_FINISHED';
  constructor({ id, status, modelVersion }: { id: string; status: TrainingStatus; modelVersion?: ModelVersion | undefined }) {
    super(isFinished(status) || !modelVersion ? `Training ${id} is ${status} already` : `Training ${id} has made version ${modelVersion} already: activate another one instead`);
  }
}
