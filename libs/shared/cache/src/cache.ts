import type { ZodType } from 'zod';

/**
 * Never the only copy of anything: every caller works, more slowly, when all of it is lost.
 * No method throws because the cache can't be reached.
 */
export abstract class Cache {
  /** Undefined for what is absent, and for what does not fit the schema: broken, or left by another version. */
  abstract get<T>(key: string, schema: ZodType<T>): Promise<T | undefined>;
  /** Keeps a value that JSON can hold. */
  abstract set(key: string, value: unknown, ttlMs: number): Promise<void>;
  abstract remove(key: string): Promise<void>;
  /**
   * Adds one to a counter that starts again `windowMs` after its first count; answers the new count.
   * Never less than this process counted itself, wherever the counter lies.
   */
  abstract count(key: string, windowMs: number): Promise<number>;
  /** Lets go of what it is connected to. */
  abstract close(): Promise<void>;
}
