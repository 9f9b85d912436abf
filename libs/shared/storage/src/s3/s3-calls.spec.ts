import { AccessDeniedError, TemporaryError } from '@repo/kernel';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';
import { RetryBudget } from './retry-budget.js';
import { S3Calls } from './s3-calls.js';
import { S3Refusal } from './s3-fault.js';

const slowDown = new S3Refusal(503, 'SlowDown', 'later');
const broken = new S3Refusal(500, 'InternalError', 'sorry');
const denied = new S3Refusal(403, 'AccessDenied', 'no');
const missing = new S3Refusal(404, 'NoSuchKey', 'none');
const wrong = new S3Refusal(400, 'InvalidArgument', 'what?');

const renewCredentials = vi.fn(async () => {});
const request = vi.fn<() => Promise<string>>();
let breaker: CircuitBreaker;

beforeEach(() => {
  vi.resetAllMocks();
  breaker = new CircuitBreaker({ probe: () => Promise.reject(broken), failuresToOpen: 5, patienceMs: 10, pauseMs: 10_000, lost: () => {}, back: () => {} });
});

const callsWith = ({ budget = new RetryBudget(0.2, 100), timeoutMs = 100, deadlineMs = 1_000, retryDelayMs = 1 } = {}) =>
  new S3Calls({ breaker, budget, renewCredentials, timeoutMs, deadlineMs, retryDelayMs });
const call = (calls = callsWith()) => calls.call('get original/a.jpg', request);

it('answers what the server does', async () => {
  request.mockResolvedValue('bytes');
  expect(await call()).toBe('bytes');
});

it.each([
  ['503 SlowDown', slowDown],
  ['500', broken],
  ['a reset connection', Object.assign(new Error('read'), { code: 'ECONNRESET' })],
])('asks again after %s', async (_, error) => {
  request.mockRejectedValueOnce(error).mockRejectedValueOnce(error).mockResolvedValue('bytes');
  expect(await call()).toBe('bytes');
});

it('answers nothing for a missing object, at once', async () => {
  request.mockRejectedValue(missing);
  expect(await call()).toBeUndefined();
  expect(request).toHaveBeenCalledTimes(1);
});

it('does not repeat what is wrong', async () => {
  request.mockRejectedValue(wrong);
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'Error', message: expect.stringContaining('get original/a.jpg'), cause: wrong });
  expect(request).toHaveBeenCalledTimes(1);
});

it('passes on what is no fault of the server', async () => {
  request.mockRejectedValue(new RangeError('ours'));
  await expect(call()).rejects.toThrow(RangeError);
  expect(request).toHaveBeenCalledTimes(1);
});

describe('when we are denied', () => {
  it('fetches the credentials afresh and asks once more', async () => {
    request.mockRejectedValueOnce(denied).mockResolvedValue('bytes');
    expect(await call()).toBe('bytes');
    expect(renewCredentials).toHaveBeenCalledTimes(1);
  });

  it('gives up when fresh ones are refused too', async () => {
    request.mockRejectedValue(denied);
    await expect(call()).rejects.toThrow(AccessDeniedError);
    expect(request).toHaveBeenCalledTimes(2);
    expect(renewCredentials).toHaveBeenCalledTimes(1);
  });

  it('says when there are none to be had just now', async () => {
    request.mockRejectedValue(denied);
    renewCredentials.mockRejectedValue(new TemporaryError('unreadable'));
    await expect(call()).rejects.toThrow('unreadable');
  });
});

describe('repetitions', () => {
  it('end before the deadline, the last request included', async () => {
    request.mockRejectedValue(slowDown);
    const start = Date.now();
    await expect(call(callsWith({ timeoutMs: 100, deadlineMs: 300, retryDelayMs: 20 }))).rejects.toThrow(TemporaryError);
    expect(Date.now() - start).toBeLessThan(200 + 100);
    expect(request.mock.calls.length).toBeGreaterThan(2);
  });

  it('wait longer each time, by chance', async () => {
    const starts: number[] = [];
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.99);
    request.mockImplementation(async () => {
      starts.push(performance.now());
      throw slowDown;
    });
    await expect(call(callsWith({ deadlineMs: 600, retryDelayMs: 30 }))).rejects.toThrow(TemporaryError);
    const waits = starts.slice(1).map((start, index) => start - starts[index]!);
    expect(waits.slice(0, 3).map((wait, index) => wait >= 28 * 2 ** index)).toEqual([true, true, true]);
    random.mockReturnValue(0);
    starts.length = 0;
    await expect(call(callsWith({ deadlineMs: 140, retryDelayMs: 30 }))).rejects.toThrow(TemporaryError);
    expect(starts.length).toBeGreaterThan(5);
    random.mockRestore();
  });

  it('are a fifth more requests in the long run, whatever the server does', async () => {
    request.mockRejectedValue(slowDown);
    const calls = callsWith({ budget: new RetryBudget(0.2, 10), timeoutMs: 1, deadlineMs: 20, retryDelayMs: 0 });
    for (let n = 0; n < 200; n++) {
      await call(calls).catch(() => {});
    }
    expect(request.mock.calls.length).toBeGreaterThan(230);
    expect(request.mock.calls.length).toBeLessThanOrEqual(200 * 1.2 + 10);
  });
});

describe('a server that fails again and again', () => {
  it('is left alone after five failures in a row', async () => {
    request.mockRejectedValue(broken);
    await expect(call()).rejects.toThrow(TemporaryError);
    expect(request).toHaveBeenCalledTimes(5);
    await expect(call()).rejects.toThrow('does not answer');
    expect(request).toHaveBeenCalledTimes(5);
  });

  it.each([
    ['asks for patience', slowDown],
    ['has no such object', missing],
    ['denies us', denied],
  ])('is not one that %s', async (_, error) => {
    request.mockRejectedValue(error);
    for (let n = 0; n < 6; n++) {
      await call(callsWith({ timeoutMs: 1, deadlineMs: 3 })).catch(() => {});
    }
    expect(breaker.isOpen).toBe(false);
  });
});
