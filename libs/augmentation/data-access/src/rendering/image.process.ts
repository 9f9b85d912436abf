import { fork, type ChildProcess } from 'node:child_process';
import type { ImageProcessMessage, RenderReply, RenderWork } from './render-work.js';

/** The process is gone, and the photo it worked on with it. */
export class ProcessEndedError extends Error {
  constructor(
    readonly how: string,
    readonly wasTooSlow: boolean,
  ) {
    super(`The image process ended: ${how}`);
  }
}

/** One child process that renders one photo at a time, so that a crash costs that photo alone. */
export class ImageProcess {
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  /** Rejects when the process is gone. */
  private readonly ended: Promise<never>;
  private wasTooSlow = false;
  private answer: ((reply: RenderReply) => void) | undefined;

  /** @param onEnd is called once, when the process is gone for whatever reason */
  constructor(workerFile: string, onEnd: () => void) {
    this.child = fork(workerFile, [], {
      serialization: 'advanced', // buffers travel as they are
      execArgv: ['--max-old-space-size=64'], // pixels lie outside the JavaScript heap
      // None of the parent's secrets; fewer allocator arenas keep its memory low, and libvips' warnings are of no use in a log.
      env: { MALLOC_ARENA_MAX: '2', VIPS_WARNING: '0' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.ended = new Promise((_, reject) => {
      const end = (how: string) => reject(new ProcessEndedError(how, this.wasTooSlow));
      this.child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
      this.child.on('error', (error) => {
        this.child.kill('SIGKILL'); // its channel broke: it can't answer any more
        end(error.message);
      });
    });
    this.ended.catch(onEnd);
    this.ready = new Promise((resolve) => {
      this.child.on('message', (message: ImageProcessMessage) => {
        if (message.kind === 'ready') {
          resolve();
        } else {
          this.answer?.(message.reply);
        }
      });
    });
  }

  /** Throws ProcessEndedError when the process dies over it, or is killed after `deadlineMs`. */
  async render(work: RenderWork, deadlineMs: number): Promise<RenderReply> {
    const deadline = setTimeout(() => {
      this.wasTooSlow = true;
      this.child.kill('SIGKILL');
    }, deadlineMs);
    const reply = new Promise<RenderReply>((resolve) => (this.answer = resolve));
    try {
      await Promise.race([this.ready, this.ended]);
      this.child.send(work);
      return await Promise.race([reply, this.ended]);
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Lets the process end by itself; one that is busy ends at once. */
  stop(): void {
    if (this.child.connected) {
      this.child.disconnect();
    }
  }
}
