import type { TrainingRunId } from '@repo/kernel';

export interface TrainingRules {
  /** New photos that start a training. */
  readonly minNewPhotos: number;
  /** Quiet time after which fewer are enough. */
  readonly idleMs: number;
  /** With enough photos it still waits for a pause this long: an import of a thousand is one training. */
  readonly settleMs: number;
  /** But no longer than this since the first new photo. */
  readonly maxDelayMs: number;
  /** A training by hand waits at most this long for variants that never come. */
  readonly patienceMs: number;
}

/** 20 photos and 10 minutes are the documents' debounce (X52); the others are ours. */
export const defaultTrainingRules: TrainingRules = {
  minNewPhotos: 20,
  idleMs: 10 * 60_000,
  settleMs: 15_000,
  maxDelayMs: 5 * 60_000,
  patienceMs: 30 * 60_000,
};

export interface ScheduleState {
  readonly running?: { readonly id: TrainingRunId; readonly leaseUntil: Date } | undefined;
  /** The oldest one that waits. */
  readonly queued?: QueuedTraining | undefined;
  /** Photos augmented since the last training gathered its own. */
  readonly newPhotos: number;
  readonly oldestNewPhotoAt?: Date | undefined;
  readonly newestNewPhotoAt?: Date | undefined;
}

export interface QueuedTraining {
  readonly id: TrainingRunId;
  readonly requestedAt: Date;
  /** Photos stored before the request whose variants are not finished. */
  readonly photosAugmenting: number;
}

export type TrainingDecision =
  /** Its worker is gone: back to the queue. */
  | { readonly kind: 'requeue'; readonly id: TrainingRunId }
  | { readonly kind: 'start'; readonly id: TrainingRunId }
  | { readonly kind: 'request'; readonly motive: string }
  | { readonly kind: 'wait'; readonly why: string };

/** What to do about training now. One at a time; called again after every change and every second. */
export function decideTraining(state: ScheduleState, now: Date, rules: TrainingRules): TrainingDecision {
  const since = (then: Date) => now.getTime() - then.getTime();
  if (state.running) {
    return state.running.leaseUntil < now
      ? { kind: 'requeue', id: state.running.id }
      : wait('a training is running');
  }
  if (state.queued) {
    const { id, photosAugmenting, requestedAt } = state.queued;
    return photosAugmenting > 0 && since(requestedAt) < rules.patienceMs
      ? wait(`${photosAugmenting} photos uploaded before it are still being augmented`)
      : { kind: 'start', id };
  }
  const { newPhotos, oldestNewPhotoAt, newestNewPhotoAt } = state;
  if (newPhotos === 0 || !oldestNewPhotoAt || !newestNewPhotoAt) {
    return wait('no new photos');
  }
  if (newPhotos >= rules.minNewPhotos) {
    return since(newestNewPhotoAt) >= rules.settleMs || since(oldestNewPhotoAt) >= rules.maxDelayMs
      ? { kind: 'request', motive: `${newPhotos} new photos` }
      : wait('photos are still coming in');
  }
  return since(newestNewPhotoAt) >= rules.idleMs
    ? { kind: 'request', motive: `${newPhotos} new photos and none since` }
    : wait(`${newPhotos} of ${rules.minNewPhotos} new photos`);
}

const wait = (why: string): TrainingDecision => ({ kind: 'wait', why });
