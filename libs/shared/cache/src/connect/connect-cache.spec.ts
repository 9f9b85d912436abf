import { expect, it } from 'vitest';
import { MemoryCache } from '../memory/index.js';
import { connectCache } from './connect-cache.js';

it('keeps to this process without a URL', async () => {
  expect(await connectCache(undefined)).toBeInstanceOf(MemoryCache);
});

it.each(['http://127.0.0.1:6379', 'memcached://127.0.0.1'])('refuses %s, saying what it expected', async (url) => {
  await expect(connectCache(url)).rejects.toThrow('Expected a redis:// or rediss:// URL');
});
