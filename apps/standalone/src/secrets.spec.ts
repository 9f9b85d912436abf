import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSecrets } from './secrets.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'secrets-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

it('makes them once, for their owner alone to read', async () => {
  const made = await loadSecrets(dataDir);
  expect(await loadSecrets(dataDir)).toEqual(made);
  expect((await stat(path.join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

it.each([
  ['is no JSON', '{broken'],
  ['is no object', '"secrets"'],
  ['holds too short a secret', JSON.stringify({ jwtSecret: 'short', serviceToken: 's'.repeat(40), linkSecret: 'l'.repeat(40) })],
  ['lacks one', JSON.stringify({ jwtSecret: 'j'.repeat(40), serviceToken: 's'.repeat(40) })],
])('says which file to mend when it %s', async (_, text) => {
  const file = path.join(dataDir, 'secrets.json');
  await writeFile(file, text);
  await expect(loadSecrets(dataDir)).rejects.toThrow(`${file} can't be used`);
});

it('says so when the data folder is none', async () => {
  const noFolder = path.join(dataDir, 'a-file');
  await writeFile(noFolder, '');
  await expect(loadSecrets(noFolder)).rejects.toThrow(`The data folder ${noFolder} can't be used (ENOTDIR`);
});
