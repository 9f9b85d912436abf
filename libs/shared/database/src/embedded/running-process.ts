import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Whether the process exists and has not ended; one whose parent never asked for its end (a zombie) has. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !(await linuxStat(pid))?.startsWith('Z');
}

/**
 * When the process started, in a text that only that process has: numbers of processes are given again.
 * `undefined` where the system does not tell.
 */
export async function startMark(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    return (await linuxStat(pid))?.split(' ')[19]; // field 22 of the whole line: ticks since the machine started
  }
  const listed = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined);
  return listed?.stdout.trim();
}

/** Resolves to whether the process ended in time. */
export async function hasEnded(pid: number, timeoutMs: number): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await wait(20)) {
    if (!(await isRunning(pid))) {
      return true;
    }
  }
  return false;
}

/** `/proc/PID/stat` from the state on: the name before it may hold spaces and brackets. */
async function linuxStat(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2);
}
