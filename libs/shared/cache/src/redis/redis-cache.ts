import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { counter } from '@repo/observability';
import { Redis, ReplyError } from 'ioredis';
import type { ZodType } from 'zod';
import { Cache } from '../cache.js';
import { readCachedJson } from '../cached-json.js';
import { MemoryCache } from '../memory/memory-cache.js';
import { CircuitBreaker } from './circuit-breaker.js';

/** Others may live in the same Redis; another version of this file may mean something else by a key. */
const PREFIX = 'ocolecionador:1:';
/** A cache that takes longer saves nobody time. */
const COMMAND_TIMEOUT_MS = 200;
/** A connection that is silent for so long while an answer is due is made anew. */
const SILENCE_MS = 5_000;
/** At the start: without Redis it goes on all the same. */
const FIRST_CONNECTION_MS = 1_000;
/** Between two tries to connect; grows from the first to the second. */
const RECONNECT_MS = [50, 2_000] as const;
/** Of JSON; larger values are dropped: to send them costs more than to read them anew. */
const MAX_CHARACTERS = 1_000_000;

/** One step, so that no counter is left without an end. */
const COUNT = `local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

const reads = counter('cache_reads_total', 'Reads of the shared cache by what became of them', ['result']);

/**
 * A cache that several processes share. Redis gone or hanging: nothing is found, nothing is kept,
 * and each process counts by itself.
 */
export class RedisCache extends Cache {
  private readonly logger = new Logger('cache');
  private readonly breaker: CircuitBreaker;
  /** Counts beside Redis, so that a limit holds when Redis is lost, emptied or lies. */
  private readonly own = new MemoryCache();

  private constructor(private readonly redis: Redis) {
    super();
    this.breaker = new CircuitBreaker(() => redis.ping(), {
      lost: (error) => this.logger.warn({ msg: 'the shared cache does not answer: going on without it', err: error }),
      back: () => this.logger.log({ msg: 'the shared cache answers again' }),
    });
  }

  /** Waits up to a second for the first connection; a Redis that comes later is used from then on. */
  static async connect(url: string): Promise<RedisCache> {
    const redis = new Redis(url, {
      lazyConnect: true,
      connectTimeout: FIRST_CONNECTION_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      // What can't be sent now fails now, and is not sent again later.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(RECONNECT_MS[0] * 2 ** attempt, RECONNECT_MS[1]) * (0.5 + Math.random() / 2),
      disableClientInfo: true,
    });
    redis.on('error', () => {}); // the breaker tells, once
    await Promise.race([redis.connect().catch(() => {}), sleep(FIRST_CONNECTION_MS, undefined, { ref: false })]);
    return new RedisCache(redis);
  }

  async get<T>(key: string, schema: ZodType<T>): Promise<T | undefined> {
    const text = await this.ask(() => this.redis.get(valueKey(key)));
    if (typeof text !== 'string') {
      reads.inc({ result: text === undefined ? 'unavailable' : 'miss' });
      return undefined;
    }
    const value = readCachedJson(text, schema);
    reads.inc({ result: value === undefined ? 'unfit' : 'hit' });
    return value;
  }

  async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    const text = JSON.stringify(value);
    if (text === undefined || ttlMs <= 0 || text.length > MAX_CHARACTERS) {
      await this.remove(key);
      return;
    }
    await this.ask(() => this.redis.set(valueKey(key), text, 'PX', Math.ceil(ttlMs)));
  }

  async remove(key: string): Promise<void> {
    await this.ask(() => this.redis.del(valueKey(key)));
  }

  async count(key: string, windowMs: number): Promise<number> {
    const [own, shared] = await Promise.all([
      this.own.count(key, windowMs),
      this.ask(() => this.redis.eval(COUNT, 1, counterKey(key), Math.ceil(windowMs))),
    ]);
    return Math.max(own, Number(shared) || 0);
  }

  async close(): Promise<void> {
    this.breaker.stop();
    this.redis.disconnect();
  }

  /** Undefined when Redis can't answer, or refuses the command. */
  private ask<T>(command: () => Promise<T>): Promise<T | undefined> {
    return this.breaker.call(() =>
      command().catch((error: unknown) => {
        // A refusal (no memory left, a value of another type) is an answer: Redis is there for other commands.
        if (error instanceof ReplyError) {
          return undefined;
        }
        throw error;
      }),
    );
  }
}

const valueKey = (key: string) => `${PREFIX}value:${key}`;
const counterKey = (key: string) => `${PREFIX}count:${key}`;
