import type { Cache } from '../cache.js';

/**
 * The cache that the settings name: `redis://` or `rediss://` for one that several processes share;
 * without a URL, this process's own memory. Throws for any other URL; not when Redis can't be reached.
 */
export async function connectCache(url: string | undefined): Promise<Cache> {
  if (url === undefined) {
    const { MemoryCache } = await import('../memory/index.js');
    return new MemoryCache();
  }
  const { protocol } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new Error(`Expected a redis:// or rediss:// URL for the cache, got ${protocol}//`);
  }
  const { RedisCache } = await import('../redis/index.js');
  return RedisCache.connect(url);
}
