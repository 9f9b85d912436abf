/** Collects how long the stages of a piece of work take. */
export class StageTimes {
  private readonly startedAt = performance.now();
  /** Milliseconds by stage. */
  readonly stagesMs: Record<string, number> = {};

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** Does the work and notes its time, also when it fails. */
  async time<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      return await work();
    } finally {
      this.stagesMs[stage] = performance.now() - from;
    }
  }
}
