import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEDGER_FILE } from '../import-ledger.js';
import { FakePlatform } from '../testing/fake-platform.js';
import { runCommand } from '../testing/run-command.js';
import { importPhotos } from './import.js';

let folder: string;
let platform: FakePlatform;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'oc-import-'));
  platform = await FakePlatform.start();
  let made = 0;
  platform.on('POST /Items', () => ({ status: 201, body: { itemId: `item-${(made += 1)}` } }));
  for (const file of ['Moedas/a.jpg', 'Moedas/b.png', 'Selos/c.jpg', 'solta.jpg']) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), file);
  }
});
afterEach(async () => {
  await platform.stop();
  await rm(folder, { recursive: true });
});

const run = (...more: string[]) => runCommand(importPhotos, ['.', '--url', platform.url, '--email', 'ana@example.org', '--password', 'right', ...more], folder);

it('makes an item of every photo, in the category of its folder', async () => {
  const { code, output } = await run();
  expect(code).toBe(0);
  expect(platform.callsTo('POST /Items').map(({ fields }) => fields)).toEqual(
    expect.arrayContaining([
      { nome: 'a', categoria: 'Moedas', foto: 'a.jpg' },
      { nome: 'b', categoria: 'Moedas', foto: 'b.png' },
      { nome: 'c', categoria: 'Selos', foto: 'c.jpg' },
    ]),
  );
  expect(output).toContain('3 imported, 0 were there already, 0 refused');
  expect(output).toContain('solta.jpg');
});

it('creates nothing twice', async () => {
  await run();
  const { code, output } = await run();
  expect([code, platform.callsTo('POST /Items').length]).toEqual([0, 3]);
  expect(output).toContain('0 imported, 3 were there already');
});

it('sends the same key again when what it noted is lost', async () => {
  await run('--parallel', '1');
  await rm(path.join(folder, LEDGER_FILE));
  await run('--parallel', '1');
  const keys = platform.callsTo('POST /Items').map(({ headers }) => headers['idempotency-key']);
  expect(keys.slice(3)).toEqual(keys.slice(0, 3));
  expect(new Set(keys).size).toBe(3);
});

it('lists what was refused, goes on with the others, and tries the refused ones next time', async () => {
  platform.on('POST /Items', ({ fields }) => (fields['nome'] === 'a' ? { status: 422, body: { code: 'PHOTO_UNREADABLE', message: 'cut off' } } : { status: 201, body: { itemId: 'x' } }));
  const { code, output } = await run();
  expect(code).toBe(1);
  expect(output).toMatch(/Moedas\/a\.jpg.*PHOTO_UNREADABLE.*cut off/);
  expect(output).toContain('2 imported, 0 were there already, 1 refused');
  await run();
  expect(platform.callsTo('POST /Items')).toHaveLength(4);
});

it('stops when the sign-in is refused, before anything is sent', async () => {
  await expect(runCommand(importPhotos, ['.', '--url', platform.url, '--email', 'x@y.z', '--password', 'wrong'], folder)).rejects.toMatchObject({ status: 401 });
  expect(platform.callsTo('POST /Items')).toHaveLength(0);
});

it.each([
  ['no folder', [], 'Say which folder'],
  ['two folders', ['a', 'b'], 'Say which folder'],
  ['a folder that is not there', ['nowhere'], 'There is no folder'],
  ['a folder without photos', ['Moedas'], 'No photos in the sub-folders'],
  ['too many at once', ['.', '--parallel', '17'], '--parallel must be a whole number from 1 to 16'],
])('asks again after %s', async (_, args, message) => {
  await expect(runCommand(importPhotos, args, folder)).rejects.toThrow(message);
});
