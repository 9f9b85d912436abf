import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, startMark } from './running-process.js';

interface Holder {
  pid: number;
  startMark?: string | undefined;
}

/** Another running process uses the folder. */
export class DirectoryInUseError extends Error {
  constructor(
    folder: string,
    readonly pid: number,
  ) {
    super(`The folder ${folder} is in use by process ${pid}: stop that one first, or choose another folder`);
    this.name = 'DirectoryInUseError';
  }
}

/** Keeps a folder to one process. The lock of a process that died is taken over. */
export class DirectoryLock {
  private constructor(private readonly file: string) {}

  /** Throws DirectoryInUseError naming the process that holds it. */
  static async take(folder: string, file: string): Promise<DirectoryLock> {
    const own: Holder = { pid: process.pid, startMark: await startMark(process.pid) };
    while (!(await create(file, JSON.stringify(own)))) {
      const content = await readWhenWritten(file);
      const holder = readHolder(content);
      if (holder && (await isHeld(holder))) {
        throw new DirectoryInUseError(folder, holder.pid);
      }
      await clear(file, content);
    }
    return new DirectoryLock(file);
  }

  async release(): Promise<void> {
    await rm(this.file, { force: true });
  }
}

/** The process that holds the lock, or `undefined` when nobody living does. */
export async function lockHolder(file: string): Promise<number | undefined> {
  const holder = readHolder(await readFile(file, 'utf8').catch(() => ''));
  return holder && (await isHeld(holder)) ? holder.pid : undefined;
}

async function create(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(content);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** A lock that is being written is empty for a moment; one that stays so was left by a process killed just then. */
async function readWhenWritten(file: string): Promise<string> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const content = await readFile(file, 'utf8').catch(() => '');
    if (content) {
      return content;
    }
    await wait(25);
  }
  return '';
}

function readHolder(content: string): Holder | undefined {
  try {
    const holder = JSON.parse(content) as Partial<Holder>;
    return Number.isInteger(holder.pid) ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

async function isHeld({ pid, startMark: mark }: Holder): Promise<boolean> {
  return (await isRunning(pid)) && (mark === undefined || mark === (await startMark(pid)));
}

/** Removes a dead process's lock; two that do so at once don't remove each other's new one. */
async function clear(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch {
    return; // somebody else was quicker
  }
  if ((await readFile(aside, 'utf8')) !== stale) {
    await link(aside, file).catch(() => {});
  }
  await rm(aside, { force: true });
}
