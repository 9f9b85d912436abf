import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { importKey, ImportLedger, LEDGER_FILE } from './import-ledger.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'oc-ledger-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('remembers from run to run', async () => {
  await (await ImportLedger.open(folder, 'ana')).add('key', 'item');
  const later = await ImportLedger.open(folder, 'ana');
  expect([later.has('key'), later.has('other')]).toEqual([true, false]);
});

it('starts afresh for another account', async () => {
  await (await ImportLedger.open(folder, 'ana')).add('key', 'item');
  expect((await ImportLedger.open(folder, 'rui')).has('key')).toBe(false);
});

it('passes over a line that was cut off', async () => {
  await (await ImportLedger.open(folder, 'ana')).add('key', 'item');
  await appendFile(path.join(folder, LEDGER_FILE), '\n{"account":"ana","ke');
  await (await ImportLedger.open(folder, 'ana')).add('next', 'item');
  const later = await ImportLedger.open(folder, 'ana');
  expect([later.has('key'), later.has('next')]).toEqual([true, true]);
});

it.each([
  ['the same file in the same place', 'a/b.jpg', 'x', true],
  ['another content', 'a/b.jpg', 'y', false],
  ['another place', 'c/b.jpg', 'x', false],
])('names %s', (_, file, content, same) => {
  expect(importKey(file, Buffer.from(content)) === importKey('a/b.jpg', Buffer.from('x'))).toBe(same);
});
