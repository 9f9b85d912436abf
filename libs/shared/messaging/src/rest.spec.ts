import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeadLetterCause } from './retry-policy.js';
import type { Decision } from './delivery.js';
import { Rest } from './rest.js';

const done: Decision = { kind: 'acknowledge' };
const failed: Decision = { kind: 'retry', waitMs: 5_000, history: [] };
const buried = (cause: DeadLetterCause): Decision => ({ kind: 'bury', letter: { letterId: 'l', queue: 'q', cause, reason: 'r', attempt: 3, history: [], text: '' } });

let rest: Rest;
beforeEach(() => {
  vi.useFakeTimers();
  Logger.overrideLogger(false);
  rest = new Rest('photos', { waitsMs: [5_000, 10_000], jitter: 0 });
});
afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(['log', 'warn', 'error']);
});
const note = (...decisions: Decision[]) => decisions.forEach((decision) => rest.note(decision));

it.each<[string, Decision[], boolean]>([
  ['nothing', [], false],
  ['three transient failures', [failed, failed, failed], false],
  ['four', [failed, failed, failed, failed], true],
  ['four, the last of which used up its attempts', [failed, failed, failed, buried('attempts used up')], true],
  ['four, but one that succeeded between them', [failed, failed, done, failed, failed], false],
  ['four, but one that can never succeed between them', [failed, failed, buried('refused'), failed, failed], false],
  ['many that can never succeed', Array.from({ length: 10 }, () => buried('refused')), false],
  ['many that are refused our credentials', Array.from({ length: 10 }, () => buried('access denied')), false],
])('after %s', (_, decisions, isResting) => {
  note(...decisions);
  expect(rest.isResting).toBe(isResting);
});

describe('a queue that rests', () => {
  beforeEach(() => note(failed, failed, failed, failed));

  it('tries one message after a second, then after pauses that double up to 10 s', () => {
    const tries: number[] = [];
    for (let second = 0.5; second <= 40; second += 0.5) {
      vi.advanceTimersByTime(500);
      if (!rest.mustWait) {
        tries.push(second);
        rest.note(failed);
      }
    }
    expect(tries).toEqual([1, 3, 7, 15, 25, 35]);
  });

  it('lets one of many go at each try', async () => {
    const gone: number[] = [];
    const all = [1, 2, 3].map(async (message) => {
      await rest.turn();
      gone.push(message);
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gone).toEqual([1]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(gone).toEqual([1, 2]);
    rest.note(done);
    await Promise.all(all);
    expect(gone).toEqual([1, 2, 3]);
  });

  it('holds nobody up once a message has not failed', async () => {
    rest.note(done);
    await rest.turn();
    expect(rest.mustWait).toBe(false);
  });

  it('holds nobody up when it is ended', async () => {
    const waiting = rest.turn();
    rest.end();
    await waiting;
  });
});
