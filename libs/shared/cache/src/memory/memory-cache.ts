import { LRUCache } from 'lru-cache';
import { Cache } from '../cache.js';

/** What one process may keep; the least recently used goes first. */
const maxValues = 10_000;
/** More than values: whoever can push a counter out has reset somebody's limit. */
const maxCounters = 50_000;

interface Counter {
  count: number;
}

/** The cache of a single process: lost with it, and not shared with others. */
export class MemoryCache extends Cache {
  // Values are kept as JSON: a caller who changes what it got can't change what others get.
  private readonly values = new LRUCache<string, string>({ max: maxValues });
  private readonly counters = new LRUCache<string, Counter>({ max: maxCounters });

  async get<T>(key: string): Promise<T | undefined> {
    const text = this.values.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const text = JSON.stringify(value);
    // A time of 0 would mean "for ever" to the library beneath.
    if (text === undefined || ttlMs <= 0) {
      this.values.delete(key);
      return;
    }
    this.values.set(key, text, { ttl: ttlMs });
  }

  async remove(key: string): Promise<void> {
    this.values.delete(key);
  }

  async count(key: string, windowMs: number): Promise<number> {
    const counter = this.counters.get(key);
    if (!counter) {
      this.counters.set(key, { count: 1 }, { ttl: windowMs });
      return 1;
    }
    counter.count += 1;
    return counter.count;
  }
}
