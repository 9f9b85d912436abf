/** Never the only copy of anything: every caller works, more slowly, when all of it is lost. */
export abstract class Cache {
  abstract get<T>(key: string): Promise<T | undefined>;
  abstract set(key: string, value: unknown, ttlMs: number): Promise<void>;
  abstract remove(key: string): Promise<void>;
  /** Adds one to a counter that starts again `windowMs` after its first count; answers the new count. */
  abstract count(key: string, windowMs: number): Promise<number>;
}
