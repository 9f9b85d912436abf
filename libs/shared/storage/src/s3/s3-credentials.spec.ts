import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TemporaryError } from '@repo/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { credentialsSource } from './s3-credentials.js';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  file = join(folder, 'file');
});
afterAll(() => rm(folder, { recursive: true }));

const ofUrl = { accessKey: 'url-key', secretKey: 'url-secret' };

it('takes those of the URL when there is no file', async () => expect(await credentialsSource(undefined, ofUrl)()).toEqual(ofUrl));

it('refuses to go without', () => expect(() => credentialsSource(undefined, undefined)).toThrow('key and secret'));

it('reads the file anew each time', async () => {
  const source = credentialsSource(file, ofUrl);
  await writeFile(file, 'first:se:cret\n');
  expect(await source()).toEqual({ accessKey: 'first', secretKey: 'se:cret' });
  await writeFile(file, 'second:secret');
  expect(await source()).toEqual({ accessKey: 'second', secretKey: 'secret' });
});

it.each(['', 'key', 'key:', ':secret', 'key:secret\nkey:secret'])('calls the file "%s" unreadable for now', async (text) => {
  await writeFile(file, text);
  await expect(credentialsSource(file, undefined)()).rejects.toThrow(TemporaryError);
});

it('calls a missing file unreadable for now', async () => {
  await expect(credentialsSource(join(folder, 'none'), undefined)()).rejects.toThrow(TemporaryError);
});
