/** How long a server that failed is left alone: from this, */
const SHORTEST_PAUSE_MS = 500;
/** twice as long each time it fails again, up to this. */
const LONGEST_PAUSE_MS = 5_000;

/** What somebody may want to know of a server that comes and goes. */
export interface BreakerEvents {
  lost(error: unknown): void;
  back(): void;
}

/**
 * Stands before a server that can be done without. After a failure nobody calls it for a while; then
 * it is asked, apart from everybody's work, whether it is back. So an outage costs only those who
 * were waiting when it began.
 */
export class CircuitBreaker {
  private pauseMs = SHORTEST_PAUSE_MS;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** A cheap question that fails, soon, while the server can't answer. */
    private readonly probe: () => Promise<unknown>,
    private readonly events: BreakerEvents,
  ) {}

  /** The server is left alone now. */
  get isOpen(): boolean {
    return this.timer !== undefined;
  }

  /** The work's answer; undefined when the server is left alone, or fails. */
  async call<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.isOpen) {
      return undefined;
    }
    try {
      return await work();
    } catch (error) {
      this.open(error);
      return undefined;
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private open(error: unknown): void {
    // Of many that were waiting, the first tells.
    if (!this.isOpen) {
      this.events.lost(error);
      this.askLater();
    }
  }

  private askLater(): void {
    // Several processes lost the same server at the same moment: chance keeps them from coming back as one.
    const pauseMs = this.pauseMs * (0.75 + Math.random() / 2);
    this.timer = setTimeout(() => void this.ask(), pauseMs).unref();
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
  }

  private async ask(): Promise<void> {
    try {
      await this.probe();
    } catch {
      this.askLater();
      return;
    }
    this.timer = undefined;
    this.pauseMs = SHORTEST_PAUSE_MS;
    this.events.back();
  }
}
