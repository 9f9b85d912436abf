import type { PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { InMemoryAugmentations, InMemoryInbox, walkAugmentation } from './testing/index.js';

function inMemory() {
  const jobs = new InMemoryAugmentations();
  const stored = async (photoId: PhotoId) => {
    const job = jobs.jobs.get(photoId);
    return job && { jobId: job.jobId, status: job.status, fence: job.fence, objectKeys: jobs.keysOf(photoId) };
  };
  return { jobs, inbox: new InMemoryInbox(), stored };
}

it('keeps every promise on 1,000 random walks', async () => {
  const met = await walkAugmentation(inMemory, { runs: 1_000 });
  expect([...met].sort()).toEqual(['abandoned', 'claimed', 'finished', 'removed', 'saved', 'stale']);
}, 60_000);
