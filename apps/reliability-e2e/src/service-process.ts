import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CrashPoint } from '@repo/kernel';
import { eventually } from './eventually.js';

export type ServiceName = 'backend' | 'augmentations' | 'training' | 'classifier';

/** A crash point, perhaps with the number of its passage: `augment.uploaded:5`. */
export type CrashSetting = CrashPoint | `${CrashPoint}:${number}`;

export interface Death {
  /** Milliseconds since 1970. */
  at: number;
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** As the platform's own supervisor starts them: who answers people goes first. */
const manners: Record<ServiceName, { nodeFlags: string[]; niceness: number }> = {
  backend: { nodeFlags: ['--max-old-space-size=512'], niceness: 0 },
  classifier: { nodeFlags: ['--max-old-space-size=512'], niceness: 0 },
  augmentations: { nodeFlags: ['--max-old-space-size=128', '--max-semi-space-size=1'], niceness: 10 },
  training: { nodeFlags: ['--max-old-space-size=256', '--max-semi-space-size=1'], niceness: 10 },
};

const START_TIMEOUT_MS = 60_000;
/** As a supervisor does; long enough not to spin while a server is down. */
const RESTART_AFTER_MS = 500;

/** sysexits' EX_TEMPFAIL: a server does not answer yet. */
const TRY_AGAIN = 75;

const program = (name: ServiceName) => fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));

/** One service in a process of its own, which only its environment configures; started again when it dies unasked. */
export class ServiceProcess {
  readonly deaths: Death[] = [];
  private readonly log: WriteStream;
  private child: ChildProcess | undefined;
  private isWanted = false;
  private isReady = false;

  constructor(
    readonly name: ServiceName,
    readonly number: number,
    readonly port: number,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly logFile: string,
  ) {
    this.log = createWriteStream(logFile, { flags: 'a' });
  }

  static create(name: ServiceName, number: number, port: number, environment: NodeJS.ProcessEnv, logFolder: string): ServiceProcess {
    return new ServiceProcess(name, number, port, environment, path.join(logFolder, `${name}-${number}.log`));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when it serves. Throws with the end of its log when it dies before. */
  async start(settings: NodeJS.ProcessEnv = {}): Promise<void> {
    this.isWanted = true;
    this.spawn(settings);
    await this.untilReady(() => !this.isRunning && this.child?.exitCode !== TRY_AGAIN);
  }

  /** Ends it properly and starts it so that it kills itself at this point; the start after that is an ordinary one. */
  async armAt(crashAt: CrashSetting): Promise<void> {
    await this.stop();
    await this.start({ CRASH_AT: crashAt });
  }

  /** Resolves when it was killed for the `count`th time; then it is being started again. */
  async crashed(count = 1, timeoutMs = 30_000): Promise<void> {
    const isKilled = ({ signal }: Death) => signal === 'SIGKILL';
    await eventually(`${this.name} ${this.number} dies at its crash point`, () => this.deaths.filter(isKilled).length >= count, timeoutMs, 10);
  }

  /** Resolves when it serves, perhaps after deaths and starts. */
  async untilReady(isHopeless: () => boolean = () => false): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!this.isReady) {
      if (isHopeless() || Date.now() > deadline) {
        throw new Error(`${this.name} ${this.number} did not start:\n${await this.logTail()}`);
      }
      await sleep(20);
    }
  }

  /** As a crash does; it is started again. Resolves when it has ended. */
  async kill(): Promise<void> {
    if (this.isRunning) {
      const ended = once(this.child!, 'exit');
      this.child!.kill('SIGKILL');
      await ended;
    }
  }

  /** Neither works nor answers, but keeps its connections, until `resume`. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** SIGTERM; SIGKILL after `graceMs`. Answers how it ended and after how many seconds; undefined when it did not run. */
  async stop(graceMs = 35_000): Promise<{ code: number | null; seconds: number } | undefined> {
    this.isWanted = false;
    const { child } = this;
    if (!child || !this.isRunning) {
      return undefined;
    }
    const startedAt = performance.now();
    const ended = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const [code] = await ended;
    clearTimeout(killer);
    return { code, seconds: (performance.now() - startedAt) / 1_000 };
  }

  /** Ends it at once, for good. */
  async destroy(): Promise<void> {
    this.isWanted = false;
    await this.kill();
    this.log.end();
  }

  private async logTail(): Promise<string> {
    return (await readFile(this.logFile, 'utf8')).slice(-3_000);
  }

  private spawn(settings: NodeJS.ProcessEnv): void {
    this.isReady = false;
    const { nodeFlags, niceness } = manners[this.name];
    const child = fork(program(this.name), [], {
      env: { ...this.environment, ...settings },
      execArgv: [...nodeFlags, '--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    setPriority(child.pid!, niceness);
    this.child = child;
    child.stdout!.pipe(this.log, { end: false });
    child.stderr!.pipe(this.log, { end: false });
    child.on('message', (message: { type?: string }) => {
      this.isReady ||= message.type === 'ready' && child === this.child;
    });
    child.once('exit', (code, signal) => void this.onExit(child, { at: Date.now(), code, signal }, settings));
  }

  private async onExit(child: ChildProcess, death: Death, settings: NodeJS.ProcessEnv): Promise<void> {
    this.isReady &&= child !== this.child;
    if (!this.isWanted) {
      return;
    }
    this.deaths.push(death);
    await sleep(RESTART_AFTER_MS);
    if (this.isWanted && child === this.child) {
      this.spawn(death.code === TRY_AGAIN ? settings : {});
    }
  }
}
