import { TemporaryError, withDeadline } from '@repo/kernel';

export interface CircuitBreakerOptions {
  /** A cheap question; rejects while the server does not work. */
  probe: () => Promise<unknown>;
  /** Failures in a row that open it. */
  failuresToOpen: number;
  /** Longest time that a call waits for the probe's answer. */
  patienceMs: number;
  /** After a probe in vain nobody asks for about so long. */
  pauseMs: number;
  lost: (error: unknown) => void;
  back: () => void;
}

/**
 * Keeps calls from a server that does not work: after several failures in a row they fail at once, until
 * one question, which all of them share, was answered.
 */
export class CircuitBreaker {
  private failuresInARow = 0;
  private probing: Promise<void> | undefined;
  private askAgainAt = 0;

  constructor(private readonly options: CircuitBreakerOptions) {}

  get isOpen(): boolean {
    return this.failuresInARow >= this.options.failuresToOpen;
  }

  /** Resolves when a call may be made. Throws TemporaryError, within `patienceMs`, when it may not. */
  async pass(): Promise<void> {
    if (!this.isOpen) {
      return;
    }
    await withDeadline('The object store', this.options.patienceMs, this.probeOnce()).catch(() => {});
    if (this.isOpen) {
      throw new TemporaryError('The object store does not answer; calls wait until it does');
    }
  }

  succeeded(): void {
    if (this.isOpen) {
      this.options.back();
    }
    this.failuresInARow = 0;
  }

  failed(error: unknown): void {
    this.failuresInARow++;
    if (this.failuresInARow === this.options.failuresToOpen) {
      this.options.lost(error);
    }
  }

  private probeOnce(): Promise<void> {
    if (!this.probing && Date.now() >= this.askAgainAt) {
      this.probing = this.ask().finally(() => (this.probing = undefined));
    }
    return this.probing ?? Promise.resolve();
  }

  private async ask(): Promise<void> {
    try {
      await this.options.probe();
      this.succeeded();
    } catch {
      // Several processes lost the server at the same moment: chance keeps them from asking as one.
      this.askAgainAt = Date.now() + this.options.pauseMs * (0.75 + Math.random() / 2);
    }
  }
}
