import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { InvalidInputError } from '@repo/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore, ObjectSummary } from '../object-store.js';

/** Keys that no store may take, whatever a caller makes them from. */
export const hostileKeys = [
  '', '/', '/etc/passwd', '..', '../secret', 'a/../../b', 'a/..', './a', 'a//b', 'a/', '/a', 'a\\..\\b', 'C:\\a', 'c:a',
  'a\0b', 'a\nb', 'a b', 'a%2e%2e/b', '.hidden', 'a/.hidden/b', 'a.', 'a /b', 'con', 'CON.jpg', 'a/nul', 'com1.txt', 'aux', 'lpt9.x',
  'ção.jpg', 'a"b', 'a<b', 'a|b', 'a?b', 'a*b', 'a:b', '~', '$HOME', 'a\u202egpj.exe', 'x'.repeat(201), `${'x/'.repeat(300)}x`,
];

/** What every ObjectStore must do. `makeStore` gives an empty one. */
export function objectStoreSuite(name: string, makeStore: () => ObjectStore | Promise<ObjectStore>): void {
  describe(`object store: ${name}`, () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await makeStore();
    });

    const summariesOf = async (list: AsyncIterable<ObjectSummary>) => {
      const summaries: ObjectSummary[] = [];
      for await (const summary of list) {
        summaries.push(summary);
      }
      return summaries;
    };
    const keysOf = async (list: AsyncIterable<ObjectSummary>) => (await summariesOf(list)).map(({ key }) => key);

    it.each([
      ['nothing', 0],
      ['one byte', 1],
      ['a photo', 300_000],
      ['20 MB', 20_000_000],
    ])('keeps %s and says what it kept', async (_, size) => {
      const body = randomBytes(size);
      const stored = await store.put('original', 'item/a/b.jpg', body, 'image/jpeg');
      expect(stored).toEqual({
        key: 'item/a/b.jpg',
        bytes: size,
        sha256: createHash('sha256').update(body).digest('hex'),
        etag: expect.stringMatching(/^[\w-]+$/),
      });
      expect((await store.get('original', 'item/a/b.jpg'))?.equals(body)).toBe(true);
      expect(await store.head('original', 'item/a/b.jpg')).toEqual(stored);
    });

    it('has nothing where nothing was put', async () => {
      expect(await store.get('original', 'item/none.jpg')).toBeUndefined();
      expect(await store.head('original', 'item/none.jpg')).toBeUndefined();
      await store.put('original', 'item/a.jpg', Buffer.from('a'), 'image/jpeg');
      expect(await store.get('original', 'item')).toBeUndefined();
      expect(await store.get('original', 'item/a.jpg/b')).toBeUndefined();
      expect(await store.get('processed', 'item/a.jpg')).toBeUndefined();
    });

    it('replaces an object as a whole', async () => {
      await store.put('original', 'a.jpg', Buffer.from('a longer text'), 'image/jpeg');
      await store.put('original', 'a.jpg', Buffer.from('short'), 'image/png');
      expect((await store.get('original', 'a.jpg'))?.toString()).toBe('short');
      expect(await store.head('original', 'a.jpg')).toMatchObject({ bytes: 5 });
    });

    it('keeps its own copy of the bytes', async () => {
      const body = Buffer.from('before');
      await store.put('original', 'a.jpg', body, 'image/jpeg');
      body.write('after!');
      (await store.get('original', 'a.jpg'))?.write('broken');
      expect((await store.get('original', 'a.jpg'))?.toString()).toBe('before');
    });

    it('removes, and takes it calmly when there is nothing to remove', async () => {
      await store.put('original', 'item/a/b.jpg', Buffer.from('b'), 'image/jpeg');
      await store.put('original', 'item/a/c.jpg', Buffer.from('c'), 'image/jpeg');
      await store.remove('original', 'item/a/b.jpg');
      await store.remove('original', 'item/a/b.jpg');
      await store.remove('original', 'never/there.jpg');
      await store.remove('original', 'item/a');
      expect(await store.get('original', 'item/a/b.jpg')).toBeUndefined();
      expect(await keysOf(store.list('original', ''))).toEqual(['item/a/c.jpg']);
    });

    it('lists what begins with a prefix, in key order, with size and date', async () => {
      const keys = ['a/b/c.jpg', 'a/b.jpg', 'a-b/c.jpg', 'a/B.jpg', 'a.jpg', 'a/b-c/d.jpg', 'b.jpg', 'a/b/a.jpg', 'a0.jpg'];
      for (const key of keys) {
        await store.put('processed', key, Buffer.from(key), 'image/jpeg');
      }
      expect(await keysOf(store.list('processed', ''))).toEqual([...keys].sort());
      expect(await keysOf(store.list('processed', 'a/'))).toEqual(['a/B.jpg', 'a/b-c/d.jpg', 'a/b.jpg', 'a/b/a.jpg', 'a/b/c.jpg']);
      expect(await keysOf(store.list('processed', 'a/b'))).toEqual(['a/b-c/d.jpg', 'a/b.jpg', 'a/b/a.jpg', 'a/b/c.jpg']);
      expect(await keysOf(store.list('processed', 'a/b/'))).toEqual(['a/b/a.jpg', 'a/b/c.jpg']);
      expect(await keysOf(store.list('processed', 'a/b/c.jpg'))).toEqual(['a/b/c.jpg']);
      expect(await keysOf(store.list('processed', 'a/x'))).toEqual([]);
      expect(await keysOf(store.list('original', ''))).toEqual([]);
      const [first] = await summariesOf(store.list('processed', 'a-b'));
      expect(first).toMatchObject({ key: 'a-b/c.jpg', bytes: 9 });
      expect(Math.abs(Date.now() - first!.modifiedAt.getTime())).toBeLessThan(60_000);
    });

    it('lists while objects come and go', async () => {
      for (let index = 0; index < 20; index++) {
        await store.put('temp', `a/${index}/x.jpg`, Buffer.from('x'), 'image/jpeg');
      }
      const seen: string[] = [];
      for await (const { key } of store.list('temp', '')) {
        seen.push(key);
        await store.remove('temp', key);
        await store.put('temp', `a/0/${randomUUID()}.jpg`, Buffer.from('x'), 'image/jpeg');
      }
      expect(seen.length).toBeGreaterThanOrEqual(20);
    });

    it('takes many at once, also into one folder that empties and fills', async () => {
      await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const key = `same/folder/${index % 6}.jpg`;
          await store.put('temp', key, Buffer.from(`body ${index}`), 'image/jpeg');
          await store.remove('temp', key);
        }),
      );
      expect(await keysOf(store.list('temp', ''))).toEqual([]);
      await store.put('temp', 'same/folder/last.jpg', Buffer.from('last'), 'image/jpeg');
      expect((await store.get('temp', 'same/folder/last.jpg'))?.toString()).toBe('last');
    });

    it.each(hostileKeys.map((key) => [JSON.stringify(key.slice(0, 40)), key] as const))('refuses the key %s in every method', async (_, key) => {
      const body = Buffer.from('x');
      await expect(store.put('original', key, body, 'image/jpeg')).rejects.toThrow(InvalidInputError);
      await expect(store.get('original', key)).rejects.toThrow(InvalidInputError);
      await expect(store.head('original', key)).rejects.toThrow(InvalidInputError);
      await expect(store.remove('original', key)).rejects.toThrow(InvalidInputError);
      await expect(store.signedUrl('original', key)).rejects.toThrow(InvalidInputError);
    });

    it.each(['..', '../', 'a/../', '/', 'a//', 'a\\', '.h'])('refuses to list under "%s"', async (prefix) => {
      await expect(keysOf(store.list('original', prefix))).rejects.toThrow(InvalidInputError);
    });

    it('gives links to photos, none to models', async () => {
      expect(await store.signedUrl('original', 'item/a/b.jpg')).toContain('item/a/b.jpg');
      await expect(store.signedUrl('models', 'v1/model.onnx')).rejects.toThrow(InvalidInputError);
    });

    it('makes a round trip and leaves nothing of it', async () => {
      await store.roundTrip(5_000);
      expect(await keysOf(store.list('temp', ''))).toEqual([]);
    });
  });
}
