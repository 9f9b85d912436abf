import { expect, it } from 'vitest';
import { cacheSuite } from '../testing/index.js';
import { MemoryCache } from './memory-cache.js';

cacheSuite('memory', () => new MemoryCache());

it('drops the least recently used beyond 10,000 values', async () => {
  const cache = new MemoryCache();
  for (let index = 0; index < 10_001; index++) {
    await cache.set(`key ${index}`, index, 60_000);
  }
  expect(await cache.get('key 0')).toBeUndefined();
  expect(await cache.get('key 10000')).toBe(10_000);
});
