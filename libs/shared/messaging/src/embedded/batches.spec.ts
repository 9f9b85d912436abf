import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Batches } from './batches.js';

it('sends a single item at once and what comes meanwhile together', async () => {
  const sent: number[][] = [];
  const batches = new Batches<number>(async (items) => {
    sent.push(items);
    await sleep(10);
  }, 3);
  const first = batches.add(1);
  await sleep(1);
  await Promise.all([first, ...[2, 3, 4, 5].map((item) => batches.add(item))]);
  expect(sent).toEqual([[1], [2, 3, 4], [5]]);
});

it('fails all of a batch together, and none of the next', async () => {
  let calls = 0;
  const batches = new Batches<number>(async () => {
    if (++calls === 1) {
      throw new Error('no connection');
    }
  }, 2);
  const results = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  await expect(batches.add(4)).resolves.toBeUndefined();
});
