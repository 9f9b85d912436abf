import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './in-parallel.js';

it('answers in order, never more than the limit at once', async () => {
  let running = 0;
  let most = 0;
  const answers = await inParallel([5, 1, 3, 2, 4], 2, async (ms) => {
    most = Math.max(most, (running += 1));
    await sleep(ms);
    running -= 1;
    return ms * 10;
  });
  expect(answers).toEqual([50, 10, 30, 20, 40]);
  expect(most).toBe(2);
});

it('does nothing with nothing', async () => {
  expect(await inParallel([], 3, async () => 1)).toEqual([]);
});

it('starts no more after an error', async () => {
  const started: number[] = [];
  const work = async (entry: number) => {
    started.push(entry);
    await sleep(1);
    throw new Error(`no ${entry}`);
  };
  await expect(inParallel([1, 2, 3, 4, 5, 6], 2, work)).rejects.toThrow('no 1');
  await sleep(10);
  expect(started).toEqual([1, 2]);
});
