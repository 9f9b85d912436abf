import type { ZodType } from 'zod';
import type { Cache } from './cache.js';

/** Something that can be read anew at any time. */
export interface CachedRead<T> {
  /** Names one content for ever: what changes brings another key. */
  readonly key: string;
  readonly schema: ZodType<T>;
  /** What must hold beside the schema, such as whose it is. */
  readonly isRight: (found: T) => boolean;
  readonly ttlMs: number;
}

/**
 * Reads from the cache what is there, and the rest where it comes from: one at a time for each key and
 * process, however many ask, so that an emptied cache is not paid for by what lies behind it.
 * An entry that does not fit its schema or is not right is read anew and written over.
 */
export class CachedReads {
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(private readonly cache: Cache) {}

  /** The same object for all who ask at the same time: nobody may change it. Throws what `load` throws. */
  read<T>(wanted: CachedRead<T>, load: () => Promise<T>): Promise<T> {
    const running = this.running.get(wanted.key) as Promise<T> | undefined;
    if (running) {
      return running;
    }
    const started = this.lookUp(wanted, load).finally(() => this.running.delete(wanted.key));
    this.running.set(wanted.key, started);
    return started;
  }

  private async lookUp<T>({ key, schema, isRight, ttlMs }: CachedRead<T>, load: () => Promise<T>): Promise<T> {
    const found = await this.cache.get(key, schema);
    if (found !== undefined && isRight(found)) {
      return found;
    }
    const loaded = await load();
    void this.cache.set(key, loaded, ttlMs); // nobody waits for it, and it never fails
    return loaded;
  }
}
