import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { FaultProxy, RedisServer } from '@repo/servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { cacheSuite } from '../testing/index.js';
import { RedisCache } from './redis-cache.js';

Logger.overrideLogger(false);

describe.skipIf(!RedisServer.isInstalled())('on a real Redis', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let cache: RedisCache;
  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await FaultProxy.to(server.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  cacheSuite('redis', async () => {
    await server.cli('FLUSHALL');
    return RedisCache.connect(server.url);
  });

  beforeEach(async () => {
    await server.cli('FLUSHALL');
    proxy.faults = {};
    cache = await RedisCache.connect(proxy.through(server.url));
  });
  afterEach(() => cache.close());

  const get = (key: string) => cache.get(key, z.string());
  const timed = async <T>(work: Promise<T>) => {
    const startedAt = performance.now();
    await work;
    return performance.now() - startedAt;
  };
  const untilBack = () => vi.waitFor(async () => {
    await cache.set('probe', 'back', 60_000);
    expect(await get('probe')).toBe('back');
  }, { timeout: 15_000, interval: 50 });

  it.each<[string, string]>([
    ['broken JSON', '{"half'],
    ['a value of another schema', '{"v":2}'],
    ['nothing', ''],
  ])('takes %s for absent, and writes over it', async (_, text) => {
    await server.cli('SET', 'ocolecionador:1:value:key', text);
    expect(await get('key')).toBeUndefined();
    await cache.set('key', 'good', 60_000);
    expect(await get('key')).toBe('good');
  });

  it('takes a list where a text should be for absent, and stays connected', async () => {
    await server.cli('RPUSH', 'ocolecionador:1:value:key', 'x');
    expect(await get('key')).toBeUndefined();
    await cache.set('key', 'good', 60_000);
    expect(await get('key')).toBe('good');
  });

  it('leaves no counter without an end', async () => {
    await cache.count('key', 60_000);
    expect(Number(await server.cli('PTTL', 'ocolecionador:1:count:key'))).toBeGreaterThan(50_000);
  });

  it('counts together with others', async () => {
    const other = await RedisCache.connect(server.url);
    const counts = await Promise.all([cache, other].flatMap((one) => Array.from({ length: 20 }, () => one.count('key', 60_000))));
    expect(Math.max(...counts)).toBe(40);
    await other.close();
  });

  it.each<[string, string[]]>([
    ['is emptied', ['FLUSHALL']],
    ['holds less than nothing', ['SET', 'ocolecionador:1:count:key', '-1000']],
    ['holds no number', ['SET', 'ocolecionador:1:count:key', 'x']],
  ])('never counts less than it did itself when Redis %s', async (_, command) => {
    await cache.count('key', 60_000);
    await cache.count('key', 60_000);
    await server.cli(...command);
    expect(await cache.count('key', 60_000)).toBe(3);
  });

  it('drops what is too large to be worth it', async () => {
    await cache.set('key', 'small', 60_000);
    await cache.set('key', 'x'.repeat(1_000_001), 60_000);
    expect(await get('key')).toBeUndefined();
  });

  it('keeps what it has and counts by itself when Redis is full', async () => {
    await cache.set('key', 'kept', 60_000);
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    try {
      await cache.set('other', 'refused', 60_000);
      expect([await get('key'), await get('other')]).toEqual(['kept', undefined]);
      expect([await cache.count('counter', 60_000), await cache.count('counter', 60_000)]).toEqual([1, 2]);
    } finally {
      await server.cli('CONFIG', 'SET', 'maxmemory', '0');
    }
    expect(await cache.count('counter', 60_000)).toBe(3);
  });

  describe.each<[string, () => void]>([
    ['hangs', () => (proxy.faults = { hang: true })],
    ['is gone', () => {
      proxy.faults = { refuse: true };
      proxy.cut();
    }],
  ])('that %s', (_, fail) => {
    beforeEach(async () => {
      await cache.set('key', 'kept', 60_000);
      await cache.count('counter', 60_000);
      fail();
    });

    it('fails nobody, keeps nobody waiting, and counts on by itself', async () => {
      const startedAt = performance.now();
      expect(await get('key')).toBeUndefined();
      await cache.set('key', 'lost', 60_000);
      await cache.remove('other');
      expect(await cache.count('counter', 60_000)).toBe(2);
      expect(performance.now() - startedAt, 'the first pays the time-out').toBeLessThan(350);
      expect(await timed(Promise.all(Array.from({ length: 500 }, () => get('key'))))).toBeLessThan(100);
      expect(await cache.count('counter', 60_000)).toBe(3);
    });

    it('keeps those who came at the same moment waiting once', async () => {
      expect(await timed(Promise.all(Array.from({ length: 50 }, async () => [await get('key'), await cache.count('x', 60_000), await get('key')])))).toBeLessThan(350);
    });

    it('is used again when it is back', async () => {
      await get('key');
      await sleep(1_000);
      proxy.faults = {};
      proxy.cut(); // what hung stays lost
      await untilBack();
      // Seen by others too, so it came from Redis.
      expect(await server.cli('GET', 'ocolecionador:1:value:probe')).toContain('back');
    });
  });

  it('tells once that it is lost, and once that it is back', async () => {
    const [lost, back] = [vi.spyOn(Logger.prototype, 'warn'), vi.spyOn(Logger.prototype, 'log')];
    proxy.faults = { hang: true };
    await Promise.all(Array.from({ length: 20 }, () => get('key')));
    await sleep(1_500);
    proxy.faults = {};
    proxy.cut();
    await untilBack();
    expect([lost.mock.calls.length, back.mock.calls.length]).toEqual([1, 1]);
    vi.restoreAllMocks();
  });

  it('starts without Redis, and finds it later', async () => {
    proxy.faults = { refuse: true };
    const startedAt = performance.now();
    const early = await RedisCache.connect(proxy.through(server.url));
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(await early.count('key', 60_000)).toBe(1);
    proxy.faults = {};
    await vi.waitFor(async () => {
      await early.set('late', 'there', 60_000);
      expect(await early.get('late', z.string())).toBe('there');
    }, { timeout: 15_000, interval: 50 });
    await early.close();
  });

  it('comes back by itself after a hang that ends', async () => {
    server.pause();
    expect(await get('key')).toBeUndefined();
    server.resume();
    await untilBack();
  });

  it('makes a connection anew that stays silent', async () => {
    const direct = await RedisCache.connect(proxy.through(server.url));
    proxy.faults = { hang: true };
    await direct.get('key', z.string());
    await sleep(5_500);
    proxy.faults = {}; // without a cut: what was sent before is gone for ever, as when a firewall forgets a connection
    await vi.waitFor(async () => {
      await direct.set('late', 'there', 60_000);
      expect(await direct.get('late', z.string())).toBe('there');
    }, { timeout: 15_000, interval: 50 });
    await direct.close();
  });
});
