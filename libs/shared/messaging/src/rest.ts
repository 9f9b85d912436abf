import { Logger } from '@nestjs/common';
import type { Decision } from './delivery.js';
import type { RetryPolicy } from './retry-policy.js';

/** As many as a worker has in hand: when all of those fail for the moment, it is not the messages. */
const failuresToRest = 4;

/**
 * What all messages of a queue need may be away: a database, a store. Then each would use up its attempts within
 * seconds and lie among the dead letters, though nothing is wrong with it. So after a row of transient failures the
 * queue rests: one message at a time is tried, after pauses that grow from a fifth of the first wait between two
 * attempts to the last wait; the first that does not fail ends it.
 */
export class Rest {
  private readonly logger = new Logger('messages');
  private readonly waiting = new Set<() => void>();
  private failures = 0;
  private nextTryAt = -Infinity;
  private isOver = false;

  constructor(
    private readonly queue: string,
    private readonly retries: RetryPolicy,
  ) {}

  get isResting(): boolean {
    return this.failures >= failuresToRest && !this.isOver;
  }

  /** Whether it is too early to try another message. */
  get mustWait(): boolean {
    return this.isResting && performance.now() < this.nextTryAt;
  }

  /** Resolves when a message may be worked on: at once, or while the queue rests when it is this message's turn. */
  async turn(): Promise<void> {
    while (this.mustWait) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.nextTryAt - performance.now());
        this.waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.nextTryAt = performance.now() + this.pauseMs; // whoever waits too waits on
  }

  /** To be told what became of every message. */
  note(decision: Decision): void {
    const wasResting = this.isResting;
    const isTransient = decision.kind === 'retry' || (decision.kind === 'bury' && decision.letter.cause === 'attempts used up');
    this.failures = isTransient ? this.failures + 1 : 0;
    if (this.isResting) {
      this.nextTryAt = performance.now() + this.pauseMs;
    }
    if (this.isResting && !wasResting) {
      this.logger.warn({ msg: 'every message fails for now: one at a time is tried, until one does not', queue: this.queue });
    }
    if (wasResting && !this.isResting) {
      this.logger.log({ msg: 'messages are worked on again', queue: this.queue });
      this.wakeAll();
    }
  }

  /** Whoever waits goes on at once. */
  end(): void {
    this.isOver = true;
    this.wakeAll();
  }

  private get pauseMs(): number {
    const [first = 0] = this.retries.waitsMs;
    return Math.min((first / 5) * 2 ** (this.failures - failuresToRest), this.retries.waitsMs.at(-1) ?? 0);
  }

  private wakeAll(): void {
    this.waiting.forEach((wake) => wake());
    this.waiting.clear();
  }
}
