import { expect, it } from 'vitest';
import { z } from 'zod';
import { cacheSuite } from '../testing/index.js';
import { MemoryCache } from './memory-cache.js';

cacheSuite('memory', () => new MemoryCache());

it('drops the least recently used beyond 10,000 values', async () => {
  const cache = new MemoryCache();
  for (let index = 0; index < 10_001; index++) {
    await cache.set(`key ${index}`, index, 60_000);
  }
  expect(await cache.get('key 0', z.unknown())).toBeUndefined();
  expect(await cache.get('key 10000', z.unknown())).toBe(10_000);
});

it('drops the least recently used beyond 16 million characters', async () => {
  const cache = new MemoryCache();
  for (let index = 0; index < 17; index++) {
    await cache.set(`key ${index}`, 'x'.repeat(1_000_000), 60_000);
  }
  expect(await cache.get('key 0', z.unknown())).toBeUndefined();
  expect(await cache.get('key 16', z.unknown())).toHaveLength(1_000_000);
});
