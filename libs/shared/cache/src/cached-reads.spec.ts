import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { CachedReads } from './cached-reads.js';
import { MemoryCache } from './memory/index.js';

const schema = z.object({ owner: z.string(), items: z.number() });
const wanted = { key: 'page', schema, isRight: ({ owner }: z.infer<typeof schema>) => owner === 'ana', ttlMs: 60_000 };
const load = vi.fn(async () => {
  await sleep(20);
  return { owner: 'ana', items: 3 };
});
let cache: MemoryCache;
let reads: CachedReads;
beforeEach(() => {
  load.mockClear();
  cache = new MemoryCache();
  reads = new CachedReads(cache);
});

it('loads once, then answers from the cache', async () => {
  expect(await reads.read(wanted, load)).toEqual({ owner: 'ana', items: 3 });
  expect(await reads.read(wanted, load)).toEqual({ owner: 'ana', items: 3 });
  expect(load).toHaveBeenCalledTimes(1);
});

it('loads once for many who ask at the same time, and again for another key', async () => {
  await Promise.all(Array.from({ length: 50 }, () => reads.read(wanted, load)));
  expect(load).toHaveBeenCalledTimes(1);
  await reads.read({ ...wanted, key: 'other' }, load);
  expect(load).toHaveBeenCalledTimes(2);
});

it.each([
  ['another owner\'s', { owner: 'bia', items: 9 }],
  ['an older version\'s', { owner: 'ana', count: 9 }],
  ['a broken one', 'x'],
])('loads anew and writes over %s entry', async (_, poison) => {
  await cache.set('page', poison, 60_000);
  expect(await reads.read(wanted, load)).toEqual({ owner: 'ana', items: 3 });
  expect(await cache.get('page', z.unknown())).toEqual({ owner: 'ana', items: 3 });
});

it('tells everybody who waited of a failure, and tries again for the next', async () => {
  const failing = vi.fn().mockRejectedValue(new Error('down'));
  const outcomes = await Promise.allSettled([reads.read(wanted, failing), reads.read(wanted, failing)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(failing).toHaveBeenCalledTimes(1);
  expect(await reads.read(wanted, load)).toMatchObject({ items: 3 });
});
