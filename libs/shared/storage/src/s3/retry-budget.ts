/**
 * Keeps repeated requests from becoming the load that keeps a server down: every call earns a share of a
 * repetition, every repetition costs one. What was saved up carries over a short trouble.
 */
export class RetryBudget {
  private saved: number;

  /**
   * @param share repetitions that each call earns, e.g. 0.2: in the long run a fifth more requests, no more
   * @param most repetitions that can be saved up, and the start's savings
   */
  constructor(
    private readonly share: number,
    private readonly most: number,
  ) {
    this.saved = most;
  }

  earn(): void {
    this.saved = Math.min(this.most, this.saved + this.share);
  }

  /** False when there is nothing left to spend. */
  spend(): boolean {
    if (this.saved < 1) {
      return false;
    }
    this.saved--;
    return true;
  }
}
