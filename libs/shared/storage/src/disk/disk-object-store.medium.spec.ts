import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { builtFile, TemporaryError, type Clock } from '@repo/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { objectStoreSuite } from '../testing/index.js';
import { DiskObjectStore } from './disk-object-store.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'));
  folders.push(folder);
  return folder;
}
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

const openStore = (folder: string, clock?: Clock) => new DiskObjectStore({ folder, publicUrl: 'http://127.0.0.1:5000', linkSecret: 'x'.repeat(32), clock });

objectStoreSuite('disk', async () => openStore(await newFolder()));

describe('DiskObjectStore', () => {
  let folder: string;
  let store: DiskObjectStore;
  beforeEach(async () => {
    folder = await newFolder();
    store = openStore(folder);
  });
  const put = (key: string, text = 'the bytes') => store.put('original', key, Buffer.from(text), 'image/jpeg');

  it('keeps nothing outside its folder, and no unfinished file', async () => {
    await put('item/a/b.jpg');
    expect((await readdir(folder)).sort()).toEqual(['.incoming', 'original']);
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });

  it('begins its files with the object itself, so that a viewer can open them', async () => {
    await put('item/a/b.jpg', 'the bytes');
    expect((await readFile(join(folder, 'original/item/a/b.jpg'))).subarray(0, 9).toString()).toBe('the bytes');
  });

  it('removes the folders that an object was alone in', async () => {
    await put('item/a/b.jpg');
    await put('item/c/d.jpg');
    await store.remove('original', 'item/a/b.jpg');
    expect(await readdir(join(folder, 'original/item'))).toEqual(['c']);
    await store.remove('original', 'item/c/d.jpg');
    expect(await readdir(join(folder, 'original'))).toEqual([]);
  });

  it.each([
    ['cut off', (path: string) => truncate(path, 100)],
    ['longer', (path: string) => appendFile(path, 'more')],
    ['emptied', (path: string) => truncate(path, 0)],
    ['short of its first bytes', async (path: string) => writeFile(path, (await readFile(path)).subarray(3))],
    ['foreign', (path: string) => writeFile(path, 'x'.repeat(2_000))],
  ])('gives out no file that is %s', async (_, damage) => {
    await put('item/a.jpg');
    await damage(join(folder, 'original/item/a.jpg'));
    await expect(store.get('original', 'item/a.jpg')).rejects.toThrow('no whole object');
    await expect(store.head('original', 'item/a.jpg')).rejects.toThrow('no whole object');
    await put('item/a.jpg', 'again');
    expect((await store.get('original', 'item/a.jpg'))?.toString()).toBe('again');
  });

  it('gives out no object whose bytes have changed on the disk', async () => {
    await put('item/a.jpg');
    const path = join(folder, 'original/item/a.jpg');
    const file = await readFile(path);
    file[3]! ^= 1;
    await writeFile(path, file);
    await expect(store.get('original', 'item/a.jpg')).rejects.toThrow('its bytes have changed');
  });

  it('passes over files that are none of its own', async () => {
    await put('item/a.jpg');
    await writeFile(join(folder, 'original/item/a holiday.jpg'), 'somebody put it there');
    const keys: string[] = [];
    for await (const { key } of store.list('original', '')) {
      keys.push(key);
    }
    expect(keys).toEqual(['item/a.jpg']);
  });

  it.skipIf(process.getuid?.() === 0)('says that it does not work when the folder can not be written', async () => {
    await chmod(folder, 0o500);
    await expect(put('a.jpg')).rejects.toThrow(TemporaryError);
    await expect(store.roundTrip(1_000)).rejects.toThrow(TemporaryError);
    await chmod(folder, 0o700);
  });

  it('says that it does not work when its folder is none', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(openStore(file).roundTrip(1_000)).rejects.toThrow();
  });

  it('refuses a content type that is too long to keep', async () => {
    await expect(store.put('original', 'a.jpg', Buffer.from('x'), 'x'.repeat(500))).rejects.toThrow('content type');
    expect(await readdir(join(folder, '.incoming'))).toEqual([]);
  });

  describe('sweep', () => {
    const ahead = (hours: number): Clock => ({ now: () => new Date(Date.now() + hours * 3_600_000) });

    it.each([
      [23.9, ['kept.jpg']],
      [24.1, []],
    ])('after %f hours leaves in temp %j', async (hours, expected) => {
      await store.put('temp', 'kept.jpg', Buffer.from('x'), 'image/jpeg');
      await store.put('original', 'item/a.jpg', Buffer.from('x'), 'image/jpeg');
      await openStore(folder, ahead(hours)).sweep();
      const left: string[] = [];
      for await (const { key } of store.list('temp', '')) {
        left.push(key);
      }
      expect(left).toEqual(expected);
      expect(await store.get('original', 'item/a.jpg')).toBeDefined();
    });

    it('removes unfinished files that are old, and none that somebody may be writing', async () => {
      await mkdir(join(folder, '.incoming'), { recursive: true });
      await writeFile(join(folder, '.incoming/old'), 'half an obj');
      await writeFile(join(folder, '.incoming/young'), 'half an obj');
      const twoHoursAgo = new Date(Date.now() - 7_200_000);
      await utimes(join(folder, '.incoming/old'), twoHoursAgo, twoHoursAgo);
      await store.sweep();
      expect(await readdir(join(folder, '.incoming'))).toEqual(['young']);
    });

    it('has nothing to do in a folder that is not there yet', async () => {
      await openStore(join(folder, 'new')).sweep();
    });
  });

  it('holds every accepted object whole, and no half one, when its writers are killed', async () => {
    const accepted = new Set<string>();
    for (let life = 0; life < 6; life++) {
      const child = fork(builtFile(import.meta.url, './put-forever.process.js'), [folder, String(life)], { execArgv: [] });
      child.on('message', (key: string) => accepted.add(key));
      await once(child, 'message');
      await sleep(Math.random() * 150);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const found = new Set<string>();
    for await (const { key, bytes } of store.list('processed', '')) {
      const body = (await store.get('processed', key))!;
      expect(body.length, key).toBe(bytes);
      expect(createHash('sha256').update(body.subarray(32)).digest().equals(body.subarray(0, 32)), key).toBe(true);
      expect((await store.head('processed', key))?.sha256, key).toBe(createHash('sha256').update(body).digest('hex'));
      found.add(key);
    }
    expect(accepted.size).toBeGreaterThan(6);
    expect([...accepted].filter((key) => !found.has(key))).toEqual([]);
  });
});
