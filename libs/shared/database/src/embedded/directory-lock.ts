import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, startMark } from './running-process.js';

interface Claim {
  readonly pid: number;
  /** Absent where the system does not tell when a process started. */
  readonly startMark?: string | undefined;
}

const PREFIX = '.lock-';
const ATTEMPTS = 10;
/** Long enough for another's look around, which takes a millisecond or two. */
const LONGEST_PAUSE_MS = 120;

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

/**
 * Keeps a folder to one process. Who wants it announces that by a file of its own and holds it when
 * nobody living has announced the same; since each announces before looking, two can't both hold it.
 * What dead processes announced does not count.
 */
export class DirectoryLock {
  private constructor(private readonly file: string) {}

  /** Throws DirectoryInUseError naming the process that holds it, after a second. */
  static async take(folder: string): Promise<DirectoryLock> {
    for (let attempt = 1; ; attempt += 1) {
      const file = await announce(folder);
      const rival = await livingClaim(folder, file);
      if (!rival) {
        return new DirectoryLock(file);
      }
      await rm(file);
      if (attempt === ATTEMPTS) {
        throw new DirectoryInUseError(folder, rival.pid);
      }
      await wait(Math.random() * LONGEST_PAUSE_MS); // of several who came at once, one gets ahead
    }
  }

  async release(): Promise<void> {
    await rm(this.file, { force: true });
  }
}

/** The process that holds the folder or wants it; `undefined` when nobody living does. */
export async function directoryUser(folder: string): Promise<number | undefined> {
  return (await livingClaim(folder, ''))?.pid;
}

async function announce(folder: string): Promise<string> {
  const claim: Claim = { pid: process.pid, startMark: await startMark(process.pid) };
  const file = path.join(folder, `${PREFIX}${randomUUID()}`);
  await writeFile(`${file}.new`, JSON.stringify(claim));
  await rename(`${file}.new`, file); // others see it whole or not at all
  return file;
}

/** Somebody else's claim, if that somebody lives; claims of the dead are cleared away. */
async function livingClaim(folder: string, own: string): Promise<Claim | undefined> {
  for (const name of (await readdir(folder)).filter((entry) => entry.startsWith(PREFIX) && !entry.endsWith('.new'))) {
    const file = path.join(folder, name);
    const claim = file === own ? undefined : await readClaim(file);
    if (claim && (await isLiving(claim))) {
      return claim;
    }
    if (claim) {
      await rm(file, { force: true });
    }
  }
  return undefined;
}

async function readClaim(file: string): Promise<Claim | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Claim;
  } catch {
    return undefined; // withdrawn meanwhile
  }
}

async function isLiving({ pid, startMark: mark }: Claim): Promise<boolean> {
  return (await isRunning(pid)) && (mark === undefined || mark === (await startMark(pid)));
}
