import { TemporaryError } from '@repo/kernel';
import { expect, it, vi } from 'vitest';
import { Health, type HealthCheck } from './health-check.js';

const part = (name: string, works: boolean, optional = false): HealthCheck => ({
  name,
  optional,
  check: () => (works ? Promise.resolve() : Promise.reject(new TemporaryError('at postgres://user:secret@host'))),
});

it.each<[status: string, parts: HealthCheck[]]>([
  ['ok', [part('a', true), part('b', true, true)]],
  ['degraded', [part('a', true), part('b', false, true)]],
  ['failed', [part('a', false), part('b', true, true)]],
  ['failed', [part('a', false), part('b', false, true)]],
  ['ok', []],
])('is %s', async (status, parts) => {
  expect(await new Health(parts).report()).toMatchObject({ status });
});

it('names what failed without telling of the inside', async () => {
  const { parts } = await new Health([part('messages', false)]).report();
  expect(parts).toEqual([{ name: 'messages', state: 'failed', reason: 'TEMPORARILY_UNAVAILABLE', durationMs: expect.any(Number) }]);
});

it('passes on what a part that works has to say', async () => {
  const remarks = { detail: { quality: 'compact' } };
  const report = await new Health([{ name: 'network', check: async () => remarks }]).report();
  expect(report).toEqual({ status: 'ok', parts: [{ name: 'network', state: 'ok', durationMs: expect.any(Number), ...remarks }] });
});

it('gives up on a part that hangs', async () => {
  vi.useFakeTimers();
  const report = new Health([{ name: 'a', check: () => new Promise(() => {}) }]).report();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await report).toMatchObject({ status: 'failed' });
  vi.useRealTimers();
});

it('asks once for several who want to know at the same time', async () => {
  const check = vi.fn(async () => {});
  const health = new Health([{ name: 'a', check }]);
  await Promise.all([health.report(), health.report(), health.report()]);
  expect(check).toHaveBeenCalledTimes(1);
});
