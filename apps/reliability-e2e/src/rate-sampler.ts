import { setTimeout as sleep } from 'node:timers/promises';

interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly count: number;
}

/** Over less, a rate of some dozens a second says little. */
const WINDOW_MS = 3_000;

/** Follows a number that only grows, and tells how fast it did. */
export class RateSampler {
  readonly samples: Sample[] = [];
  private isStopped = false;
  private running: Promise<void> | undefined;

  /** @param count throws while what it asks is away: then there is no sample */
  static start(count: () => Promise<number>, everyMs = 250): RateSampler {
    const sampler = new RateSampler();
    sampler.running = sampler.run(count, everyMs);
    return sampler;
  }

  add(sample: Sample): void {
    this.samples.push(sample);
  }

  /** Per second, between two instants; 0 where too little is known. */
  rate(from: number, to: number): number {
    const within = this.samples.filter(({ at }) => at >= from && at <= to);
    const [first, last] = [within[0], within.at(-1)];
    return first && last && last.at > first.at ? ((last.count - first.count) * 1_000) / (last.at - first.at) : 0;
  }

  /** The best rate over so long; 0 when all that is known is shorter. */
  fastest(overMs: number): number {
    const end = this.samples.at(-1)?.at ?? 0;
    return Math.max(0, ...this.samples.filter(({ at }) => at + overMs <= end).map(({ at }) => this.rate(at, at + overMs)));
  }

  /** Seconds from `since` to the end of the first 3 s that went at this rate or faster; undefined when none did. */
  recoveredAfter(since: number, rate: number): number | undefined {
    const recovered = this.samples.find(({ at }) => at - WINDOW_MS >= since && this.rate(at - WINDOW_MS, at) >= rate);
    return recovered && (recovered.at - since) / 1_000;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async run(count: () => Promise<number>, everyMs: number): Promise<void> {
    while (!this.isStopped) {
      const at = Date.now();
      await count().then((value) => this.add({ at, count: value }), () => {});
      await sleep(everyMs);
    }
  }
}
