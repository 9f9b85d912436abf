import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceLog } from './service-log.js';

export interface ServiceSpec {
  name: string;
  /** Compiled `main.js` of the app. */
  script: string;
  environment: NodeJS.ProcessEnv;
  /** How V8 is to use memory. */
  nodeFlags: readonly string[];
  /** 0 to 19, as `nice` has it: the higher, the more it lets others go first. */
  niceness: number;
}

/** sysexits' EX_CONFIG: starting again can't help. */
const BAD_CONFIGURATION = 78;
/** sysexits' EX_TEMPFAIL: a server that it needs did not answer. */
const TRY_AGAIN = 75;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A service that ran this long had started well: its next crash begins with the first pause again. */
const STABLE_AFTER_MS = 60_000;

/** glibc keeps freed memory for each thread by default; image work frees megabytes at a time. Ignored elsewhere. */
const frugalAllocator = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

function yieldToOthers({ pid }: ChildProcess, niceness: number): void {
  try {
    setPriority(pid!, niceness);
  } catch {
    // It ended already, or the system has no priorities: then it competes as an equal.
  }
}

/** One app in its own process: started again when it dies, told to stop when the platform stops. */
export class Service {
  private child: ChildProcess | undefined;
  private isStopping = false;
  private hasServed = false;
  /** Settles `start`. */
  private starting: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private pauseMs = FIRST_PAUSE_MS;

  constructor(
    private readonly spec: ServiceSpec,
    private readonly log: ServiceLog,
    private readonly report: (line: string) => void,
    private readonly giveUp: (why: string, exitCode: number) => void,
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /**
   * Resolves when the service says that it serves; until then one that a server did not answer is started again.
   * Throws when it ends otherwise, or does not serve within `timeoutMs`.
   */
  async start(timeoutMs: number): Promise<void> {
    const late = setTimeout(() => this.starting?.reject(new Error(`${this.name} was not ready within ${timeoutMs / 1000} s; its log says why`)), timeoutMs).unref();
    try {
      await new Promise<void>((resolve, reject) => {
        this.starting = { resolve, reject };
        this.spawn();
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** SIGTERM, then SIGKILL after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await ended;
    clearTimeout(killer);
  }

  private spawn(): ChildProcess {
    const child = fork(this.spec.script, {
      env: { ...frugalAllocator, ...this.spec.environment },
      execArgv: [...this.spec.nodeFlags, '--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true, // Ctrl-C reaches the supervisor alone, which stops the rest in order
    });
    yieldToOthers(child, this.spec.niceness);
    const startedAt = Date.now();
    child.stdout?.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.on('message', (message: { type?: string }) => {
      if (message.type === 'ready') {
        this.hasServed = true;
        this.starting?.resolve();
      }
    });
    child.on('exit', (code, signal) => void this.onExit(code, signal, Date.now() - startedAt));
    this.child = child;
    return child;
  }

  private async onExit(code: number | null, signal: NodeJS.Signals | null, livedMs: number): Promise<void> {
    if (this.isStopping) {
      return;
    }
    const how = signal ?? `exit code ${code}`;
    if (code === BAD_CONFIGURATION) {
      this.giveUp(`${this.name} can't use its configuration`, code);
    }
    if (code === BAD_CONFIGURATION || (!this.hasServed && code !== TRY_AGAIN)) {
      this.starting?.reject(new Error(`${this.name} ended while starting (${how}); its log says why`));
      return;
    }
    this.pauseMs = livedMs > STABLE_AFTER_MS ? FIRST_PAUSE_MS : Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.report(`${this.name} ended (${how}); starting it again in ${this.pauseMs / 1000} s`);
    await sleep(this.pauseMs);
    if (!this.isStopping) {
      this.spawn();
    }
  }
}
