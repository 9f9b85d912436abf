import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { withDeadline } from '@repo/kernel';
import type { DeadLetter } from '../dead-letter.js';
import { Signal } from '../signal.js';
import { findAbandoned, sweepMs } from './abandoned.js';
import type { Doorbell } from './doorbell.js';
import { deadQueueOf, type MessageStore } from './message-store.js';
import { letterIn } from './stored-message.js';

const pollMs = 1_000;
const keepDeadlineMs = 30_000;
/** A letter that nobody could keep comes again after 1, 2, 4, … s, at most this. */
const mostPauseS = 60;

/** Hands over the dead letters of one queue, one at a time, oldest first. One that can't be kept stands back for the others. */
export class DeadLetterWatcher {
  private readonly logger = new Logger('dead-letters');
  private readonly signal = new Signal();
  private readonly loop: Promise<void>;
  private inHand?: string;
  private stopping = false;
  private graceIsOver = false;
  private turnedAt = performance.now();
  private sweptAt = -Infinity;

  constructor(
    private readonly parts: { store: MessageStore; doorbell: Doorbell },
    private readonly watched: string,
    private readonly keep: (letter: DeadLetter) => Promise<void>,
  ) {
    this.loop = this.run();
  }

  /** Where the letters lie. */
  get queue(): string {
    return deadQueueOf(this.watched);
  }

  /** Milliseconds since it last looked for letters; 0 while one is being kept. */
  get idleForMs(): number {
    return this.inHand === undefined ? performance.now() - this.turnedAt : 0;
  }

  /** There may be a letter. */
  wake(): void {
    this.signal.ring();
  }

  /** Takes no more, waits at most `graceMs` for the one in hand, and lets it go. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.wake();
    await Promise.race([this.loop, sleep(graceMs, undefined, { ref: false })]);
    this.graceIsOver = true;
    if (this.inHand !== undefined) {
      await this.parts.store.release(this.queue, this.inHand, 0).catch((error: unknown) => {
        // It comes back all the same: to whoever sees that nobody watches the queue any more.
        this.logger.warn({ msg: 'a dead letter could not be let go', queue: this.watched, letter: this.inHand, err: error });
      });
    }
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.turnedAt = performance.now();
      try {
        await this.sweepWhenDue();
        if (await this.keepNext()) {
          continue;
        }
      } catch (error) {
        this.logger.warn({ msg: 'no dead letters could be taken', queue: this.watched, err: error });
      }
      await this.signal.wait(pollMs);
    }
  }

  /** Answers whether it is worth asking again at once. */
  private async keepNext(): Promise<boolean> {
    const { store } = this.parts;
    const [taken] = await store.take(this.queue, 1);
    if (!taken) {
      return false;
    }
    const { id, stored } = taken;
    this.inHand = id;
    try {
      await withDeadline('The keeper of dead letters', keepDeadlineMs, this.keep(letterIn(this.watched, stored)));
      if (!this.graceIsOver) {
        await store.acknowledge(this.queue, [id]);
      }
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'a dead letter could not be kept yet', queue: this.watched, letter: id, err: error });
      if (!this.graceIsOver) {
        await store.release(this.queue, id, mostPauseS);
      }
      return false;
    } finally {
      this.inHand = undefined;
    }
  }

  private async sweepWhenDue(): Promise<void> {
    if (performance.now() - this.sweptAt < sweepMs) {
      return;
    }
    this.sweptAt = performance.now();
    for (const { id } of await findAbandoned(this.parts, this.queue, new Set(), keepDeadlineMs)) {
      await this.parts.store.release(this.queue, id, 0);
    }
  }
}
