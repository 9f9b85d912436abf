import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePortRows } from './free-port-rows.js';
import { PublicDoor } from './public-door.js';

const program = fileURLToPath(new URL('../../standalone/dist/main.js', import.meta.url));
const START_TIMEOUT_MS = 90_000;
/** As the platform has it between two processes of one service. */
const PORT_STEP = 10;

const onlyOne = { backends: 1, augmentations: 1 };
const row = (first: number, length: number) => Array.from({ length }, (_, index) => first + index * PORT_STEP);

export const administrator = { email: 'dona@example.org', password: 'uma-senha-de-teste' };

export interface PlatformShape {
  /** More variables of the environment. */
  settings?: Readonly<Record<string, string>>;
  /** Given: `npm run start:services` with so many of each, on the servers that the settings name. Else `npm start`. */
  copies?: { backends: number; augmentations: number };
}

/**
 * The real platform, started as a person does it, in a data folder of its own that outlives
 * each start. Ports stay the same from start to start, so that links keep their meaning.
 */
export class PlatformUnderTest {
  /** Where each backend and each augmentation service listens. */
  readonly backendPorts: readonly number[];
  readonly augmentationPorts: readonly number[];
  /** To all backends in turn. */
  readonly door: PublicDoor;
  private child: ChildProcess | undefined;
  private said = '';

  private constructor(
    readonly dataDir: string,
    private readonly ports: readonly [backend: number, augmentations: number, training: number, classifier: number],
    private readonly shape: PlatformShape,
  ) {
    const { backends, augmentations } = shape.copies ?? onlyOne;
    this.backendPorts = row(ports[0], backends);
    this.augmentationPorts = row(ports[1], augmentations);
    this.door = this.doorTo(...this.backendPorts);
  }

  static async create(shape: PlatformShape = {}): Promise<PlatformUnderTest> {
    const { backends, augmentations } = shape.copies ?? onlyOne;
    const ports = (await freePortRows(PORT_STEP, backends, augmentations, 1, 1)) as [number, number, number, number];
    return new PlatformUnderTest(await mkdtemp(path.join(tmpdir(), 'oc-e2e-')), ports, shape);
  }

  /** To these backends alone. */
  doorTo(...ports: readonly number[]): PublicDoor {
    return new PublicDoor(
      ports.map((port) => `http://127.0.0.1:${port}`),
      administrator,
    );
  }

  /** Resolves with the seconds until it was ready. Throws with what it said when it ends before, or takes too long. */
  async start(): Promise<number> {
    const [port, augmentationsPort, trainingPort, classifierPort] = this.ports;
    const { settings, copies } = this.shape;
    const startedAt = performance.now();
    this.said = '';
    const child = fork(program, copies ? ['--services', '--backends', String(copies.backends), '--augmentations', String(copies.augmentations)] : [], {
      cwd: this.dataDir, // where there is no .env
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      execArgv: [], // the test runner resolves packages to their sources, the platform is compiled
      env: {
        ...environmentWithoutSettings,
        OC_DATA_DIR: this.dataDir,
        PORT: String(port),
        CLASSIFIER_PORT: String(classifierPort),
        AUGMENTATIONS_PORT: String(augmentationsPort),
        TRAINING_PORT: String(trainingPort),
        OC_AUTH_EMAIL: administrator.email,
        OC_AUTH_PASSWORD: administrator.password,
        ...settings,
      },
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    }
    const ready = new Promise<boolean>((resolve) => {
      child.on('message', (message: { type?: string }) => {
        if (message.type === 'ready') {
          resolve(true);
        }
      });
    });
    const notReady = Promise.race([once(child, 'exit'), sleep(START_TIMEOUT_MS, undefined, { ref: false })]).then(() => false);
    if (!(await Promise.race([ready, notReady]))) {
      throw new Error(`The platform was not ready:\n${this.said}`);
    }
    return (performance.now() - startedAt) / 1000;
  }

  /** What it has written to the terminal since it was started. */
  get output(): string {
    return this.said;
  }

  /** As a person does it: Ctrl-C. Resolves with the exit code when the supervisor has ended. */
  async stop(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return null;
    }
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await ended;
    return code;
  }

  /** Without a word to the services, which notice by themselves. */
  async killSupervisor(): Promise<void> {
    if (this.child?.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
  }

  /** Supervisor, services and database at once: as near to a power cut as a test can come. */
  async killEverything(): Promise<void> {
    const others = this.processes();
    const killed = this.killSupervisor();
    for (const { pid } of others) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await killed;
    await eventually('every process has ended', () => this.processes().length === 0);
  }

  /** Ids of running processes that work in this data folder, other than the supervisor's. Linux only. */
  processes(): RunningProcess[] {
    return runningProcesses().filter(({ pid, ties }) => pid !== process.pid && pid !== this.child?.pid && ties.some((tie) => tie.includes(this.dataDir)));
  }

  /** Addresses on which processes of this platform listen, as `127.0.0.1:5000`. Linux only. */
  listeners(): string[] {
    const pids = [this.child?.pid, ...this.processes().map(({ pid }) => pid)].filter((pid) => pid !== undefined);
    return listeningSockets(new Set(pids.flatMap(socketsOf)));
  }

  /** The process of one service, e.g. `augmentations`; of several, the one that listens on `port`. */
  service(name: string, port?: number): number | undefined {
    const isMeant = ({ command, ties }: RunningProcess) =>
      command.includes(path.join(name, 'dist', 'main.js')) && (port === undefined || ties.some((tie) => tie.includes(`PORT=${port}\0`)));
    return this.processes().find(isMeant)?.pid;
  }

  /** Ends whatever is left, then removes the data folder. */
  async destroy(): Promise<void> {
    await this.stop('SIGTERM');
    for (const { pid } of this.processes()) {
      process.kill(pid, 'SIGKILL');
    }
    await eventually('nothing runs in the data folder', () => this.processes().length === 0);
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Checks until it is so; throws after `timeoutMs`. Answers the seconds it took. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 15_000, everyMs = 100): Promise<number> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > timeoutMs) {
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    }
    await sleep(everyMs);
  }
  return (performance.now() - startedAt) / 1000;
}

/** What the machine's own settings say must not reach the platform under test. */
const environmentWithoutSettings = Object.fromEntries(['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
  /** Its command line, environment and folder. */
  readonly ties: readonly string[];
}

function runningProcesses(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const ties = [command, readFileSync(`/proc/${pid}/environ`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)];
        return command ? [{ pid: Number(pid), command, ties }] : []; // a zombie has no command line
      } catch {
        return []; // it ended meanwhile, or is somebody else's
      }
    });
}

/** Inodes of the sockets that a process holds. */
function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed meanwhile
      }
    });
  } catch {
    return []; // it ended, or is another user's
  }
}

const LISTENING = '0A';

function listeningSockets(inodes: ReadonlySet<string>): string[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = '']) => state === LISTENING && inodes.has(inode))
      .map(([, local = '']) => readAddress(local)),
  );
}

/** `0100007F:1388` is 127.0.0.1:5000; an IPv6 address stays as it is. */
function readAddress(local: string): string {
  const [address = '', port = ''] = local.split(':');
  const bytes = address.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? [];
  return `${bytes.length === 4 ? bytes.reverse().join('.') : address}:${Number.parseInt(port, 16)}`;
}
