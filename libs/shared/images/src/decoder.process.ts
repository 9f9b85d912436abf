import { fork, type ChildProcess } from 'node:child_process';
import { TemporaryError } from '@repo/kernel';
import type { PhotoOrder, PhotoVerdict, WorkerMessage } from './photo-work.js';

/** One child process that decodes one photo at a time, so that a crash costs that photo alone. */
export class DecoderProcess {
  private readonly child: ChildProcess;
  private readonly started: Promise<void>;
  private isReady = false;
  private causeOfDeath = 'it brought down the process that decoded it';
  private answer: ((verdict: PhotoVerdict) => void) | undefined;

  /** @param onExit is called when the process is gone, for whatever reason */
  constructor(
    workerFile: string,
    private readonly onExit: () => void,
  ) {
    this.child = fork(workerFile, [], {
      serialization: 'advanced', // buffers travel as they are
      execArgv: ['--max-old-space-size=64'], // pixels lie outside the JavaScript heap
      // None of the parent's secrets; fewer allocator arenas keep its memory low, and libvips' warnings are of no use in a log.
      env: { MALLOC_ARENA_MAX: '2', VIPS_WARNING: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.started = new Promise((resolve, reject) => {
      this.child.once('message', () => {
        this.isReady = true;
        resolve();
      });
      const fail = (cause?: unknown) => reject(new TemporaryError('The process that decodes photos could not start', { cause }));
      this.child.once('exit', () => fail());
      this.child.once('error', fail);
    });
    this.started.catch(() => {}); // told to whoever waits for it; a process that is never used has nobody
    this.child.on('message', (message: WorkerMessage) => this.receive(message));
    this.child.once('exit', () => this.end());
    this.child.on('error', () => {
      this.child.kill('SIGKILL'); // its channel broke: it can't answer any more
      if (this.child.pid === undefined) {
        this.end(); // it never was: there will be no exit
      }
    });
  }

  /** Resolves when the process takes photos. Throws TemporaryError when it can't start. */
  start(): Promise<void> {
    return this.started;
  }

  /** A crash or a missed deadline is the photo's fault: the verdict is then `unreadable`. Throws TemporaryError when the process can't start. */
  async decode(order: PhotoOrder, deadlineMs: number): Promise<PhotoVerdict> {
    await this.started;
    const verdict = new Promise<PhotoVerdict>((resolve) => (this.answer = resolve));
    const deadline = setTimeout(() => {
      this.causeOfDeath = `decoding it took longer than ${deadlineMs / 1000} s`;
      this.child.kill('SIGKILL'); // its exit gives the verdict, so that no other photo is handed to a dying process
    }, deadlineMs);
    this.child.send(order);
    try {
      return await verdict;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Lets the process end by itself. */
  stop(): void {
    if (this.isReady && this.child.connected) {
      this.child.disconnect();
    } else {
      this.child.kill('SIGKILL');
    }
  }

  private receive(message: WorkerMessage): void {
    if (message.kind === 'verdict') {
      this.settle(message.verdict);
    }
  }

  private end(): void {
    this.settle({ kind: 'unreadable', reason: this.causeOfDeath });
    this.onExit();
  }

  private settle(verdict: PhotoVerdict): void {
    this.answer?.(verdict);
    this.answer = undefined;
  }
}
