/**
 * A message whose worker died while it ran is a suspect, and so is every other that ran beside it.
 * Suspects run alone in their process, so that the next crash convicts the guilty one and takes no
 * other along (Sidekiq and RabbitMQ users know the picture: ten messages in the dead letters for one).
 */
export class Quarantine {
  private readonly activities = new Set<Promise<unknown>>();
  private occupied = false;

  /** @param onLeave called when others may go on */
  constructor(private readonly onLeave: () => void) {}

  /** While true nobody takes new messages. */
  get isClosed(): boolean {
    return this.occupied;
  }

  /** Work that a suspect has to wait for. */
  async during<T>(work: Promise<T>): Promise<T> {
    const activity = work.catch(() => undefined);
    this.activities.add(activity);
    try {
      return await work;
    } finally {
      this.activities.delete(activity);
    }
  }

  /** Runs `work` once everything else has ended, and keeps others from beginning. Answers false when a suspect has the place already. */
  async alone(work: () => Promise<void>): Promise<boolean> {
    if (this.occupied) {
      return false;
    }
    this.occupied = true;
    try {
      while (this.activities.size > 0) {
        await Promise.all(this.activities);
      }
      await work();
      return true;
    } finally {
      this.occupied = false;
      this.onLeave();
    }
  }
}
