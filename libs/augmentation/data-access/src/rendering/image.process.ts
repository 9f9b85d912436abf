import { fork, type ChildProcess } from 'node:child_process';
import type { RenderReply, RenderWork } from './render-work.js';

/** The process is gone, and the photo it worked on with it. */
export class ProcessEndedError extends Error {
  constructor(
    readonly how: string,
    readonly wasTooSlow: boolean,
  ) {
    super(`The image process ended: ${how}`);
  }
}

interface Pending {
  resolve: (reply: RenderReply) => void;
  reject: (error: ProcessEndedError) => void;
}

/** One child process that renders one photo at a time, so that a crash costs that photo alone. */
export class ImageProcess {
  private readonly child: ChildProcess;
  private pending: Pending | undefined;
  private wasTooSlow = false;
  private end: ProcessEndedError | undefined;

  /** @param onEnd is called once, when the process is gone for whatever reason */
  constructor(
    workerFile: string,
    private readonly onEnd: () => void,
  ) {
    this.child = fork(workerFile, [], {
      serialization: 'advanced', // buffers travel as they are
      execArgv: ['--max-old-space-size=64', '--max-semi-space-size=1'], // pixels lie outside the JavaScript heap
      // None of the parent's secrets. The allocator gives large blocks back at once, and libvips' warnings are of no use in a log.
      env: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072', VIPS_WARNING: '0' },
      stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (reply: RenderReply) => this.pending?.resolve(reply));
    this.child.once('exit', (code, signal) => this.endBy(signal ?? `exit code ${code}`));
    this.child.on('error', (error) => {
      this.child.kill('SIGKILL'); // its channel broke: it can't answer any more
      this.endBy(error.message);
    });
    this.child.stdin!.on('error', () => {}); // the exit that broke the pipe is heard of above
  }

  /** Throws ProcessEndedError when the process dies over it, or is killed after `deadlineMs`. */
  async render(photo: Buffer, work: Omit<RenderWork, 'photoBytes'>, deadlineMs: number): Promise<RenderReply> {
    const deadline = setTimeout(() => {
      this.wasTooSlow = true;
      this.child.kill('SIGKILL');
    }, deadlineMs);
    try {
      return await new Promise((resolve, reject) => {
        if (this.end) {
          throw this.end;
        }
        this.pending = { resolve, reject };
        this.child.send({ ...work, photoBytes: photo.length } satisfies RenderWork);
        this.child.stdin!.write(photo); // through the pipe as it is: a message would carry a copy of it
      });
    } finally {
      clearTimeout(deadline);
      this.pending = undefined;
    }
  }

  /** Lets the process end by itself; one that is busy ends at once. */
  stop(): void {
    if (this.child.connected) {
      this.child.disconnect();
    }
  }

  private endBy(how: string): void {
    if (!this.end) {
      this.end = new ProcessEndedError(how, this.wasTooSlow);
      this.onEnd();
      this.pending?.reject(this.end);
    }
  }
}
