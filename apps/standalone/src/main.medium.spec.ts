import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirectoryLock } from '@repo/database/embedded';
import { builtFile } from '@repo/kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = builtFile(import.meta.url, './main.js');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'launcher-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Starts it in an empty folder; for settings that keep it from starting anything. */
function launch(args: readonly string[], environment: Record<string, string> = {}): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: folder, env: environment }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, said: stdout + stderr }));
  });
}

const onServers = {
  COLLECTION_DATABASE_URL: 'postgres://127.0.0.1:9/collection',
  LEARNING_DATABASE_URL: 'postgres://127.0.0.1:9/learning',
  MESSAGES_URL: 'amqp://127.0.0.1:9',
  OBJECTS_URL: 'http://key:secret@127.0.0.1:9',
  CACHE_URL: 'redis://127.0.0.1:9',
};

const ports = { PORT: '18500', CLASSIFIER_PORT: '18501', AUGMENTATIONS_PORT: '18511', TRAINING_PORT: '18512' };

it('names every server that is missing, and starts nothing', async () => {
  const { code, said } = await launch(['--services', '--backends', '2']);
  expect(code).toBe(78);
  for (const name of Object.keys(onServers)) {
    expect(said).toContain(`  ${name}: `);
  }
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['LEARNING_DATABASE_URL', 'mysql://127.0.0.1/learning'],
  ['MESSAGES_URL', 'http://127.0.0.1:15672'],
  ['CACHE_URL', 'memcached://127.0.0.1'],
])('refuses %s=%s before anything is started', async (name, value) => {
  const { code, said } = await launch([], { [name]: value });
  expect([code, said]).toEqual([78, expect.stringContaining(`  ${name}: expected `)]);
  expect(await readdir(folder)).toEqual([]);
});

it('reads the servers from .env', async () => {
  await writeFile(path.join(folder, '.env'), Object.entries({ ...onServers, MESSAGES_URL: 'nonsense' }).map(([name, value]) => `${name}=${value}`).join('\n'));
  const { code, said } = await launch(['--services']);
  expect([code, said.match(/_URL:/g)]).toEqual([78, ['_URL:']]);
});

it('says which database can\'t be used, without its password', async () => {
  const { code, said } = await launch(['--services'], { ...onServers, ...ports, LEARNING_DATABASE_URL: 'postgres://oc:the-secret@127.0.0.1:9/learning' });
  expect([code, said]).toEqual([1, expect.stringContaining('The database of LEARNING_DATABASE_URL does not answer at 127.0.0.1:9')]);
  expect(said).not.toContain('the-secret');
  expect(said).not.toContain('embedded');
});

it('leaves a data folder alone that another platform uses, on whatever servers', async () => {
  await mkdir(path.join(folder, 'data'));
  const lock = await DirectoryLock.take(path.join(folder, 'data'));
  const { code, said } = await launch(['--services'], { ...onServers, ...ports });
  await lock.release();
  expect([code, said]).toEqual([1, expect.stringContaining(`in use by process ${process.pid}`)]);
});
