import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DirectoryInUseError, directoryUser, DirectoryLock } from './directory-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'directory-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

it('keeps everybody else out while it is held', async () => {
  const lock = await DirectoryLock.take(folder);
  await expect(DirectoryLock.take(folder)).rejects.toThrow(`The folder ${folder} is in use by process ${process.pid}: stop that one first, or choose another folder`);
  expect(await directoryUser(folder)).toBe(process.pid);
  await lock.release();
  expect(await directoryUser(folder)).toBeUndefined();
  await (await DirectoryLock.take(folder)).release();
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  ['is dead', async () => ({ pid: await deadProcess() })],
  ['gave its number to another one', async () => ({ pid: process.pid, startMark: 'long ago' })],
])('takes over from a process that %s, and clears up behind it', async (_, claim) => {
  await writeFile(path.join(folder, '.lock-old'), JSON.stringify(await claim()));
  expect(await directoryUser(folder)).toBeUndefined();
  const lock = await DirectoryLock.take(folder);
  expect(await readdir(folder)).toHaveLength(1);
  await lock.release();
});

it('is not kept from the folder by a claim that was never finished', async () => {
  await writeFile(path.join(folder, '.lock-x.new'), '');
  await writeFile(path.join(folder, '.lock-y'), '{"pi');
  await (await DirectoryLock.take(folder)).release();
});

it('goes to one of many who want it at once', async () => {
  for (let round = 0; round < 5; round += 1) {
    await writeFile(path.join(folder, `.lock-${round}`), JSON.stringify({ pid: await deadProcess() }));
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => DirectoryLock.take(folder)));
    const taken = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof DirectoryInUseError);
    expect([taken.length, refused.length]).toEqual([1, 5]);
    await taken[0]!.release();
  }
});
