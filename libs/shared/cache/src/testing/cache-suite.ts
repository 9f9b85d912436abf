import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Cache } from '../cache.js';

/** What every Cache must do. `makeCache` gives an empty one. */
export function cacheSuite(name: string, makeCache: () => Cache | Promise<Cache>): void {
  describe(`cache: ${name}`, () => {
    let cache: Cache;
    beforeEach(async () => {
      cache = await makeCache();
    });
    afterEach(() => cache.close());

    const get = (key: string) => cache.get(key, z.unknown());

    it.each([
      ['text', 'moeda de 1954'],
      ['a number', 0],
      ['false', false],
      ['null', null],
      ['a list', [1, 'two', { three: 3 }]],
      ['an object', { classe: 'moedas', confianca: 0.92 }],
    ])('gives back %s', async (_, value) => {
      await cache.set('key', value, 60_000);
      expect(await get('key')).toEqual(value);
    });

    it('has nothing under a key that was never set', async () => {
      expect(await get('absent')).toBeUndefined();
    });

    it('replaces and removes', async () => {
      await cache.set('key', 1, 60_000);
      await cache.set('key', 2, 60_000);
      expect(await get('key')).toBe(2);
      await cache.remove('key');
      expect(await get('key')).toBeUndefined();
      await cache.remove('key');
    });

    it('reads by the schema, and has nothing for what does not fit it', async () => {
      await cache.set('key', { name: 'Dobrão', at: new Date(0) }, 60_000);
      const dated = z.object({ name: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) });
      expect(await cache.get('key', dated)).toEqual({ name: 'Dobrão', at: new Date(0) });
      expect(await cache.get('key', dated.extend({ name: z.literal('Cruzado') }))).toBeUndefined();
      expect(await cache.get('key', z.object({ year: z.number() }))).toBeUndefined();
    });

    it('forgets a value whose time is over', async () => {
      await cache.set('key', 'soon gone', 500);
      expect(await get('key')).toBe('soon gone');
      await sleep(600);
      expect(await get('key')).toBeUndefined();
    });

    it('keeps nothing that has no time to live', async () => {
      await cache.set('key', 'before', 60_000);
      await cache.set('key', 'gone at once', 0);
      expect(await get('key')).toBeUndefined();
    });

    it('keeps what it was given, whatever the caller does with the object later', async () => {
      const given = { list: [1] };
      await cache.set('key', given, 60_000);
      given.list.push(2);
      const first = await cache.get('key', z.object({ list: z.array(z.number()) }));
      first?.list.push(3);
      expect(await get('key')).toEqual({ list: [1] });
    });

    it('counts each key by itself, also when asked at the same instant', async () => {
      const counts = await Promise.all(Array.from({ length: 50 }, () => cache.count('login:a', 60_000)));
      expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect(await cache.count('login:b', 60_000)).toBe(1);
    });

    it('starts a counter again when its window is over, and not later for being counted meanwhile', async () => {
      expect(await cache.count('key', 800)).toBe(1);
      await sleep(500);
      expect(await cache.count('key', 800)).toBe(2);
      await sleep(500);
      expect(await cache.count('key', 800)).toBe(1);
    });

    it('keeps a counter and a value of the same key apart', async () => {
      await cache.count('key', 60_000);
      expect(await get('key')).toBeUndefined();
      await cache.set('key', 'value', 60_000);
      expect(await cache.count('key', 60_000)).toBe(2);
    });
  });
}
