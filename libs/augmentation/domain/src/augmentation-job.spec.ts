import { expect, it } from 'vitest';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import { claimJob, isAbandoned, LEASE_MS, maySettle, type AugmentationJob } from './augmentation-job.js';

const now = new Date('2026-11-20T12:00:00Z');
const order = {
  photoId: 'photo' as PhotoId,
  itemId: 'item' as ItemId,
  ownerId: 'owner' as UserId,
  category: 'Moedas',
  sourceKey: 'item/item/photo.jpg',
  sourceSha256: 'a'.repeat(64),
};
const job = (over: Partial<AugmentationJob> = {}): AugmentationJob => ({
  ...order,
  jobId: 'job-1',
  status: 'processing',
  attempts: 1,
  fence: 4,
  leaseUntil: new Date(0),
  ...over,
});

it.each<[string, AugmentationJob | undefined, Partial<AugmentationJob> | undefined]>([
  ['a photo that never came', undefined, { jobId: 'job-2', attempts: 1, fence: 1 }],
  ['one whose process was killed', job(), { jobId: 'job-1', attempts: 2, fence: 5 }],
  ['one that another process still holds', job({ leaseUntil: new Date(now.getTime() + 60_000) }), { attempts: 2, fence: 5 }],
  ['one that failed, sent again by hand', job({ status: 'failed', attempts: 3 }), { status: 'processing', attempts: 4, fence: 5 }],
  ['one that is done', job({ status: 'success' }), undefined],
  ['one that is done, of other bytes', job({ status: 'success', sourceSha256: 'b'.repeat(64) }), { status: 'processing', sourceSha256: order.sourceSha256 }],
])('claims %s', (_, existing, expected) => {
  const claimed = claimJob(existing, order, { now, newJobId: 'job-2' });
  if (expected) {
    expect(claimed).toMatchObject({ ...expected, status: 'processing', leaseUntil: new Date(now.getTime() + LEASE_MS) });
  } else {
    expect(claimed).toBeUndefined();
  }
});

it.each<[string, AugmentationJob | undefined, number, ReturnType<typeof maySettle>]>([
  ['the latest claim', job(), 4, 'yes'],
  ['an older claim', job(), 3, 'stale'],
  ['an older claim on a job that failed since', job({ status: 'failed' }), 3, 'stale'],
  ['a claim on a job that is done', job({ status: 'success' }), 4, 'stale'],
  ['a claim on a job that was given up', job({ status: 'failed' }), 4, 'abandoned'],
  ['a claim whose job was deleted', undefined, 4, 'stale'],
])('decides whether %s may settle', (_, existing, fence, settled) => expect(maySettle(existing, fence)).toBe(settled));

it.each([
  ['in work, its lease over', job({ leaseUntil: new Date(now.getTime() - 1) }), true],
  ['in work, its lease just ending', job({ leaseUntil: now }), false],
  ['failed', job({ status: 'failed' }), false],
  ['done', job({ status: 'success' }), false],
])('takes a job as abandoned that is %s: %s', (_, existing, expected) => expect(isAbandoned(existing, now)).toBe(expected));
