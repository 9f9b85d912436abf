import { fork, type ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import type { OrderMessage, WorkerMessage } from './wire.js';

/** The process is gone, and the order it worked on with it. */
export class ProcessEndedError extends Error {
  /**
   * @param why `not started`: before it took any order, so that no order is to blame
   * @param how a signal or an exit code, e.g. `SIGSEGV`
   */
  constructor(
    readonly why: 'not started' | 'crashed' | 'too slow',
    readonly how: string,
  ) {
    super(`The worker process ended: ${why}, ${how}`);
  }
}

interface Pending<Answer> {
  resolve: (message: WorkerMessage<Answer>) => void;
  reject: (error: ProcessEndedError) => void;
}

/** One child process that works on one order at a time, so that a crash costs that order alone. */
export class WorkerProcess<Order, Answer> {
  /** Rejects with ProcessEndedError when the process can't start. */
  readonly started: Promise<unknown>;
  private readonly child: ChildProcess;
  private isStarted = false;
  private wasTooSlow = false;
  private end: ProcessEndedError | undefined;
  // Only the message that is awaited now: a race against one promise of the process's end would keep every answer until then.
  private pending: Pending<Answer> | undefined;

  /**
   * @param workerFile a compiled module that calls `answerOrders`
   * @param deadlineMs for its start and for each order; missing it costs the process its life
   * @param onEnd is called once, when the process is gone for whatever reason
   */
  constructor(
    workerFile: string,
    private readonly deadlineMs: number,
    private readonly onEnd: () => void,
  ) {
    this.child = fork(workerFile, [], {
      serialization: 'advanced', // buffers travel as they are
      execArgv: ['--max-old-space-size=64', '--max-semi-space-size=1'], // pixels lie outside the JavaScript heap
      // None of the parent's secrets. The allocator gives large blocks back at once, and libvips' warnings are of no use in a log.
      env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072', VIPS_WARNING: '0' },
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    letOthersGoFirst(this.child);
    this.child.on('message', (message: WorkerMessage<Answer>) => this.pending?.resolve(message));
    this.child.once('exit', (code, signal) => this.endBy(signal ?? `exit code ${code}`));
    this.child.on('error', (error) => {
      this.child.kill('SIGKILL'); // its channel broke: it can't answer any more
      this.endBy(error.message);
    });
    this.child.stdin!.on('error', () => {}); // the exit that broke the pipe is heard of above
    this.started = this.nextMessage().then(() => (this.isStarted = true));
    this.started.catch(() => {}); // told to whoever waits for it; a process that is never used has nobody
  }

  /** Throws ProcessEndedError when the process dies over it; an Error when the worker's code fails. */
  async work(bytes: Buffer, order: Order): Promise<Answer> {
    await this.started;
    const reply = this.nextMessage();
    this.child.send({ order, byteLength: bytes.length } satisfies OrderMessage<Order>);
    this.child.stdin!.write(bytes); // through the pipe as they are: a message would carry a copy of them
    const message = await reply;
    if (message.kind === 'answer') {
      return message.answer;
    }
    throw new Error(`The worker process failed: ${message.kind === 'fault' ? message.reason : 'it started twice'}`);
  }

  /** Lets the process end by itself; one that is busy ends at once. */
  stop(): void {
    if (this.child.connected) {
      this.child.disconnect();
    }
  }

  private async nextMessage(): Promise<WorkerMessage<Answer>> {
    const deadline = setTimeout(() => {
      this.wasTooSlow = true;
      this.child.kill('SIGKILL'); // its exit is the answer, so that no other order is handed to a dying process
    }, this.deadlineMs);
    try {
      return await new Promise((resolve, reject) => {
        if (this.end) {
          throw this.end;
        }
        this.pending = { resolve, reject };
      });
    } finally {
      clearTimeout(deadline);
      this.pending = undefined;
    }
  }

  private endBy(how: string): void {
    if (!this.end) {
      this.end = new ProcessEndedError(!this.isStarted ? 'not started' : this.wasTooSlow ? 'too slow' : 'crashed', how);
      this.onEnd();
      this.pending?.reject(this.end);
    }
  }
}

/** Native image work takes a whole core as long as it lasts: who answers people goes first. */
function letOthersGoFirst({ pid }: ChildProcess): void {
  try {
    setPriority(pid!, Math.min(getPriority() + 10, 19));
  } catch {
    // It ended already, or the system has no priorities: then it competes as an equal.
  }
}
