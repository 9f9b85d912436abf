import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './collector.js';

export interface TimedAnswer {
  /** Milliseconds since 1970, when it was asked. */
  readonly at: number;
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly ms: number;
}

/** Asks at an even pace, however long each answer takes. */
export class RequestStorm {
  private readonly asked: Promise<TimedAnswer>[] = [];
  private isOver = false;
  private running: Promise<void> | undefined;

  /** @param ask never throws: no answer is the status 0 */
  static start(perSecond: number, ask: () => Promise<Answer<unknown>>): RequestStorm {
    const storm = new RequestStorm();
    storm.running = storm.run(perSecond, ask);
    return storm;
  }

  /** Every answer, in the order of the questions. */
  async stop(): Promise<TimedAnswer[]> {
    this.isOver = true;
    await this.running;
    return Promise.all(this.asked);
  }

  private async run(perSecond: number, ask: () => Promise<Answer<unknown>>): Promise<void> {
    const startedAt = performance.now();
    while (!this.isOver) {
      await sleep(Math.max(0, startedAt + (this.asked.length * 1_000) / perSecond - performance.now()));
      this.asked.push(timed(ask));
    }
  }
}

async function timed(ask: () => Promise<Answer<unknown>>): Promise<TimedAnswer> {
  const [at, startedAt] = [Date.now(), performance.now()];
  const { status, retryAfter } = await ask();
  return { at, status, retryAfter, ms: performance.now() - startedAt };
}

/** @param share 0 to 1 */
export function percentile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? NaN;
}
