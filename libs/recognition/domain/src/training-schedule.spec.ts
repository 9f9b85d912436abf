import type { TrainingRunId } from '@repo/kernel';
import { describe, expect, it } from 'vitest';
import { decideTraining, defaultTrainingRules as rules, type ScheduleState } from './training-schedule.js';

const id = 'run' as TrainingRunId;
const now = new Date('2026-06-01T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const photos = (newPhotos: number, oldestS: number, newestS: number): ScheduleState => ({
  newPhotos,
  oldestNewPhotoAt: ago(oldestS),
  newestNewPhotoAt: ago(newestS),
});

it.each<[string, ScheduleState, string]>([
  ['nothing new', { newPhotos: 0 }, 'wait'],
  ['19 photos, the last a moment ago', photos(19, 60, 1), 'wait'],
  ['19 photos, quiet for just under 10 minutes', photos(19, 900, 599), 'wait'],
  ['19 photos, quiet for 10 minutes', photos(19, 900, 600), 'request'],
  ['1 photo, quiet for 10 minutes', photos(1, 600, 600), 'request'],
  ['20 photos, more coming in', photos(20, 60, 14), 'wait'],
  ['20 photos and a pause', photos(20, 60, 15), 'request'],
  ['1,000 photos coming in for just under 5 minutes', photos(1000, 299, 0), 'wait'],
  ['1,000 photos coming in for 5 minutes', photos(1000, 300, 0), 'request'],
  ['enough photos, but a training runs', { ...photos(50, 900, 900), running: { id, leaseUntil: ago(-5) } }, 'wait'],
  ['a training whose lease ends this very moment', { newPhotos: 0, running: { id, leaseUntil: now } }, 'wait'],
  ['a training whose worker is gone', { newPhotos: 0, running: { id, leaseUntil: ago(0.001) } }, 'requeue'],
  ['asked for while one runs', { newPhotos: 0, running: { id, leaseUntil: ago(-5) }, queued: { id, requestedAt: ago(9), photosAugmenting: 0 } }, 'wait'],
  ['asked for by hand', { newPhotos: 0, queued: { id, requestedAt: ago(0), photosAugmenting: 0 } }, 'start'],
  ['asked for by hand, earlier photos not augmented', { newPhotos: 0, queued: { id, requestedAt: ago(60), photosAugmenting: 3 } }, 'wait'],
  ['asked for by hand, variants never come', { newPhotos: 0, queued: { id, requestedAt: ago(1800), photosAugmenting: 3 } }, 'start'],
])('%s', (_, state, expected) => expect(decideTraining(state, now, rules).kind).toBe(expected));

describe('an import of 1,000 photos in 5 minutes', () => {
  it('starts at most two trainings', () => {
    const startedAtS: number[] = [];
    let seen = 0;
    for (let second = 1; second <= 400; second += 1) {
      const arrived = Math.min(1000, Math.floor(second * (1000 / 300)));
      const newest = Math.min(second, 300);
      const oldest = Math.ceil(seen / (1000 / 300)) + 1;
      const at = (s: number) => new Date(now.getTime() + s * 1000);
      const state: ScheduleState = { newPhotos: arrived - seen, oldestNewPhotoAt: at(oldest), newestNewPhotoAt: at(newest) };
      if (decideTraining(state, at(second), rules).kind === 'request') {
        startedAtS.push(second);
        seen = arrived;
      }
    }
    expect(startedAtS.length).toBeGreaterThanOrEqual(1);
    expect(startedAtS.length).toBeLessThanOrEqual(2);
  });
});
