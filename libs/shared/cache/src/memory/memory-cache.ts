import { LRUCache } from 'lru-cache';
import type { ZodType } from 'zod';
import { Cache } from '../cache.js';
import { readCachedJson } from '../cached-json.js';

/** What one process may keep; the least recently used goes first. */
const maxValues = 10_000;
/** Of all texts together, in characters: a few tens of megabytes. */
const maxCharacters = 16_000_000;
/** More than values: whoever can push a counter out has reset somebody's limit. */
const maxCounters = 50_000;

interface Counter {
  count: number;
}

/** The cache of a single process: lost with it, and not shared with others. */
export class MemoryCache extends Cache {
  // Values are kept as JSON: a caller who changes what it got can't change what others get.
  private readonly values = new LRUCache<string, string>({ max: maxValues, maxSize: maxCharacters, sizeCalculation: (text, key) => text.length + key.length });
  private readonly counters = new LRUCache<string, Counter>({ max: maxCounters });

  async get<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    const text = this.values.get(key);
    return text === undefined ? undefined : readCachedJson(text, schema);
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

  async close(): Promise<void> {}
}
