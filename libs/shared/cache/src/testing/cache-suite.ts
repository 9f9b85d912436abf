import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../cache.js';

/** What every Cache must do. `makeCache` gives an empty one. */
export function cacheSuite(name: string, makeCache: () => Cache | Promise<Cache>): void {
  describe(`cache: ${name}`, () => {
    let cache: Cache;
    beforeEach(async () => {
      cache = await makeCache();
    });

    it.each([
      ['text', 'moeda de 1954'],
      ['a number', 0],
      ['false', false],
      ['null', null],
      ['a list', [1, 'two', { three: 3 }]],
      ['an object', { classe: 'moedas', confianca: 0.92 }],
    ])('gives back %s', async (_, value) => {
      await cache.set('key', value, 60_000);
      expect(await cache.get('key')).toEqual(value);
    });

    it('has nothing under a key that was never set', async () => {
      expect(await cache.get('absent')).toBeUndefined();
    });

    it('replaces and removes', async () => {
      await cache.set('key', 1, 60_000);
      await cache.set('key', 2, 60_000);
      expect(await cache.get('key')).toBe(2);
      await cache.remove('key');
      expect(await cache.get('key')).toBeUndefined();
      await cache.remove('key');
    });

    it('forgets a value whose time is over', async () => {
      await cache.set('key', 'soon gone', 40);
      expect(await cache.get('key')).toBe('soon gone');
      await sleep(80);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('keeps nothing that has no time to live', async () => {
      await cache.set('key', 'before', 60_000);
      await cache.set('key', 'gone at once', 0);
      expect(await cache.get('key')).toBeUndefined();
    });

    it('keeps what it was given, whatever the caller does with the object later', async () => {
      const given = { list: [1] };
      await cache.set('key', given, 60_000);
      given.list.push(2);
      const first = await cache.get<typeof given>('key');
      first?.list.push(3);
      expect(await cache.get('key')).toEqual({ list: [1] });
    });

    it('counts each key by itself, also when asked at the same instant', async () => {
      const counts = await Promise.all(Array.from({ length: 50 }, () => cache.count('login:a', 60_000)));
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect(await cache.count('login:b', 60_000)).toBe(1);
    });

    it('starts a counter again when its window is over, and not later for being counted meanwhile', async () => {
      expect(await cache.count('key', 100)).toBe(1);
      await sleep(60);
      expect(await cache.count('key', 100)).toBe(2);
      await sleep(60);
      expect(await cache.count('key', 100)).toBe(1);
    });

    it('keeps a counter and a value of the same key apart', async () => {
      await cache.count('key', 60_000);
      expect(await cache.get('key')).toBeUndefined();
      await cache.set('key', 'value', 60_000);
      expect(await cache.count('key', 60_000)).toBe(2);
    });
  });
}
