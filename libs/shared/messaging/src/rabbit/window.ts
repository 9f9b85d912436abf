import { TemporaryError } from '@repo/kernel';

/** Lets so many in at once; the others wait in the order they came. */
export class Window {
  private readonly waiting = new Set<() => void>();
  private inside = 0;

  constructor(private readonly size: number) {}

  /** Resolves when there is room; throws TemporaryError when there is none within `timeoutMs`. */
  async enter(timeoutMs: number): Promise<void> {
    if (this.inside < this.size) {
      this.inside++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(letIn);
        reject(new TemporaryError(`No room within ${timeoutMs} ms: ${this.size} before this one have no answer yet`));
      }, timeoutMs);
      const letIn = () => {
        clearTimeout(timer);
        resolve();
      };
      this.waiting.add(letIn);
    });
  }

  /** The place goes to whoever waits longest. */
  leave(): void {
    const [next] = this.waiting;
    if (next) {
      this.waiting.delete(next);
      next();
    } else {
      this.inside--;
    }
  }
}
