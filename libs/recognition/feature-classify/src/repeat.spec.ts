import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { expect, it } from 'vitest';
import { Repeating } from './repeat.js';

Logger.overrideLogger(false);

it('repeats, at once when there is more to do, and past errors', async () => {
  let calls = 0;
  const task = new Repeating('counting', 5, async () => {
    calls += 1;
    if (calls === 2) {
      throw new Error('once');
    }
    return calls > 3 && calls < 10;
  });
  await sleep(100);
  await task.stop();
  const atStop = calls;
  expect(atStop).toBeGreaterThanOrEqual(10);
  await sleep(20);
  expect(calls).toBe(atStop);
});

it('waits for what is being done when it is stopped', async () => {
  let isDone = false;
  const task = new Repeating('working', 1_000, async () => {
    await sleep(20);
    isDone = true;
  });
  await task.stop();
  expect(isDone).toBe(true);
});

it('never does two at once', async () => {
  let running = 0;
  let most = 0;
  const task = new Repeating('overlapping', 1, async () => {
    most = Math.max(most, (running += 1));
    await sleep(3);
    running -= 1;
  });
  await sleep(40);
  await task.stop();
  expect(most).toBe(1);
});
