import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A real server on 127.0.0.1, with its data in a temporary folder that goes with it. */
export interface TestServer {
  /** How clients reach it, credentials included. */
  readonly url: string;
  /** Ends it properly and removes its data. */
  stop(): Promise<void>;
}

const execute = promisify(execFile);

/** Runs a command to its end; throws with what it said when it fails. */
export async function run(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<string> {
  const { stdout } = await execute(command, [...args], { ...options, timeout: 60_000 });
  return stdout;
}

/** Debian keeps servers where a person's PATH does not look. */
const folders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/usr/lib/postgresql/15/bin'];

/** The program's path, or undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One program of a server in the background, the leader of a process group of its own. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  static start(command: string, args: readonly string[], { logFile, env, cwd }: { logFile: string; env?: NodeJS.ProcessEnv; cwd?: string }): ServerProcess {
    const log = openSync(logFile, 'a');
    const child = spawn(command, [...args], { env, cwd, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    child.unref();
    const running = new ServerProcess(child, logFile);
    alive.add(running);
    void once(child, 'exit').then(() => alive.delete(running));
    return running;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** To the program and everything it started. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.child.pid!, signal);
    } catch {
      // It has ended.
    }
  }

  async end(signal: NodeJS.Signals, graceMs = 15_000): Promise<void> {
    if (this.hasEnded) {
      return;
    }
    const ended = once(this.child, 'exit');
    this.signal(signal);
    const killer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await ended;
    clearTimeout(killer);
    this.signal('SIGKILL'); // whoever of its group stayed behind
  }

  /** Asks until it answers. Throws with the end of its log when it ends before, or takes too long. */
  async untilReady(what: string, isReady: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await isReady().catch(() => false))) {
      if (this.hasEnded || Date.now() > deadline) {
        throw new Error(`${what} did not start:\n${readFileSync(this.logFile, 'utf8').slice(-2_000)}`);
      }
      await sleep(50);
    }
  }
}

const alive = new Set<ServerProcess>();
const dataFolders = new Set<string>();

/** A temporary folder that is removed when this process ends, if not before. */
export async function makeDataFolder(name: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), `ocolecionador-${name}-`));
  dataFolders.add(folder);
  return folder;
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  dataFolders.delete(folder);
}

function endAll(): void {
  alive.forEach((server) => server.signal('SIGKILL'));
  dataFolders.forEach(removeDataFolder);
}

// No server outlives the process that started it, however that ends, a SIGKILL apart.
process.once('exit', endAll);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    endAll();
    process.kill(process.pid, signal);
  });
}
