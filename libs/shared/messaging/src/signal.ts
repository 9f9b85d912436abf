/** Wakes one waiting loop. A ring while nobody waits is kept for the next wait. */
export class Signal {
  private rung = false;
  private wakeUp?: () => void;

  ring(): void {
    this.rung = true;
    this.wakeUp?.();
  }

  /** Resolves at the next ring, after `timeoutMs` at the latest. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wakeUp = undefined;
    }
    this.rung = false;
  }
}
