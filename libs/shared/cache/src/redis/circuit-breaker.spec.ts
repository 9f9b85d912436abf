import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

const probe = vi.fn();
const events = { lost: vi.fn(), back: vi.fn() };
const work = vi.fn();
let breaker: CircuitBreaker;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // pauses without chance
  vi.resetAllMocks();
  vi.mocked(Math.random).mockReturnValue(0.5);
  breaker = new CircuitBreaker(probe, events);
});
afterEach(() => {
  breaker.stop();
  vi.useRealTimers();
});

const fail = () => breaker.call(() => Promise.reject(new Error('down')));

it('passes answers on', async () => {
  work.mockResolvedValue(7);
  expect(await breaker.call(work)).toBe(7);
  expect(events.lost).not.toHaveBeenCalled();
});

it('calls nobody after a failure, until the probe is answered', async () => {
  expect(await fail()).toBeUndefined();
  expect(await breaker.call(work)).toBeUndefined();
  probe.mockRejectedValueOnce(new Error('still down')).mockResolvedValue('PONG');
  await vi.advanceTimersByTimeAsync(500);
  expect([probe.mock.calls.length, breaker.isOpen]).toEqual([1, true]);
  await vi.advanceTimersByTimeAsync(999);
  expect(breaker.isOpen).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect([probe.mock.calls.length, breaker.isOpen]).toEqual([2, false]);
  await breaker.call(work);
  expect(work).toHaveBeenCalledTimes(1);
});

it('waits longer and longer, but never more than 5 s', async () => {
  probe.mockRejectedValue(new Error('down'));
  await fail();
  const pauses: number[] = [];
  for (let asked = 0; asked < 6; asked += 1) {
    const before = Date.now();
    await vi.advanceTimersToNextTimerAsync();
    pauses.push(Date.now() - before);
  }
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

it('tells of one outage once, however many were waiting', async () => {
  await Promise.all([fail(), fail(), fail()]);
  expect(events.lost).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(500);
  expect([probe.mock.calls.length, events.back.mock.calls.length]).toEqual([1, 1]);
});
