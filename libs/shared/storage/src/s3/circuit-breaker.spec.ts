import { setTimeout as sleep } from 'node:timers/promises';
import { TemporaryError } from '@repo/kernel';
import { beforeEach, expect, it, vi } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

const probe = vi.fn<() => Promise<unknown>>();
const lost = vi.fn();
const back = vi.fn();
const failure = new Error('down');
let breaker: CircuitBreaker;

beforeEach(() => {
  vi.resetAllMocks();
  probe.mockRejectedValue(failure);
  breaker = new CircuitBreaker({ probe, failuresToOpen: 3, patienceMs: 50, pauseMs: 40, lost, back });
});

const fail = (times: number) => Array.from({ length: times }, () => breaker.failed(failure));

it('lets calls pass until several failed in a row', async () => {
  fail(2);
  breaker.succeeded();
  fail(2);
  await breaker.pass();
  expect(lost).not.toHaveBeenCalled();
  fail(1);
  await expect(breaker.pass()).rejects.toThrow(TemporaryError);
  expect(lost.mock.calls).toEqual([[failure]]);
});

it('asks once for all calls that come together', async () => {
  fail(3);
  await Promise.allSettled(Array.from({ length: 20 }, () => breaker.pass()));
  expect(probe).toHaveBeenCalledTimes(1);
});

it('leaves the server alone for a while after a probe in vain', async () => {
  fail(3);
  await breaker.pass().catch(() => {});
  await breaker.pass().catch(() => {});
  expect(probe).toHaveBeenCalledTimes(1);
  await sleep(60);
  await breaker.pass().catch(() => {});
  expect(probe).toHaveBeenCalledTimes(2);
});

it('lets the very call pass that found the server back', async () => {
  fail(3);
  probe.mockResolvedValue('here');
  await breaker.pass();
  await breaker.pass();
  expect(probe).toHaveBeenCalledTimes(1);
  expect(back).toHaveBeenCalledTimes(1);
});

it('does not let a call wait for a probe that hangs', async () => {
  fail(3);
  probe.mockReturnValue(new Promise(() => {}));
  const start = Date.now();
  await expect(breaker.pass()).rejects.toThrow(TemporaryError);
  expect(Date.now() - start).toBeLessThan(300);
});

it('closes too when a call that was under way succeeds', async () => {
  fail(3);
  breaker.succeeded();
  await breaker.pass();
  expect(probe).not.toHaveBeenCalled();
});
