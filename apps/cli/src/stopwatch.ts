/** How long each step took, in the order of their ends. */
export class Stopwatch {
  readonly steps: { readonly name: string; readonly seconds: number }[] = [];
  private readonly startedAt: number;

  /** @param now milliseconds from any beginning */
  constructor(private readonly now: () => number = () => performance.now()) {
    this.startedAt = this.now();
  }

  /** Measures one step; a step that throws is not noted. */
  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const startedAt = this.now();
    const answer = await work();
    this.note(name, (this.now() - startedAt) / 1000);
    return answer;
  }

  note(name: string, seconds: number): void {
    this.steps.push({ name, seconds });
  }

  totalSeconds(): number {
    return (this.now() - this.startedAt) / 1000;
  }
}
