import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { recordDeadLetter, type DeadLetterSink } from '../dead-letter.js';
import { deliver, type Decision, type DeliveryRules, type Subscription } from '../delivery.js';
import { Signal } from '../signal.js';
import { findAbandoned, sweepMs } from './abandoned.js';
import { Batches } from './batches.js';
import type { Doorbell } from './doorbell.js';
import { deadQueueOf, type MessageStore, type TakenMessage } from './message-store.js';
import type { Quarantine } from '../quarantine.js';
import { Rest } from '../rest.js';
import { nextAttempt } from './stored-message.js';

/** Finds what a ring missed. */
const pollMs = 1_000;
const batchSize = 100;

export interface ConsumerParts {
  store: MessageStore;
  doorbell: Doorbell;
  quarantine: Quarantine;
  rules: DeliveryRules;
  deadLetters: DeadLetterSink;
}

interface Running {
  taken: TakenMessage;
  /** Resolves when the message has its outcome, or the process could not store it. */
  work: Promise<void>;
}

/** Takes the messages of one queue, at most `parallel` at once. */
export class QueueConsumer {
  private readonly logger = new Logger('messages');
  private readonly signal = new Signal();
  private readonly rest: Rest;
  private readonly running = new Set<Running>();
  private readonly acknowledgements = new Batches<string>((ids) => this.parts.store.acknowledge(this.queue, ids), batchSize);
  private readonly loop: Promise<void>;
  private stopping = false;
  private graceIsOver = false;
  private turnedAt = performance.now();
  private sweptAt = -Infinity;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly subscription: Subscription<unknown>,
    private readonly parallel: number,
  ) {
    this.rest = new Rest(subscription.message.queue, parts.rules.retries);
    this.loop = this.run();
  }

  get queue(): string {
    return this.subscription.message.queue;
  }

  /** There may be a message, or room for one. */
  wake(): void {
    this.signal.ring();
  }

  /** Milliseconds since it last looked for messages; 0 while it works on some. */
  get idleForMs(): number {
    return this.running.size > 0 ? 0 : performance.now() - this.turnedAt;
  }

  /** Takes no more, waits at most `graceMs` for what runs and puts the rest back, uncounted. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.wake();
    const finished = this.loop.then(() => Promise.all([...this.running].map(({ work }) => work)));
    await Promise.race([finished, sleep(graceMs, undefined, { ref: false })]);
    this.graceIsOver = true;
    for (const { taken } of this.running) {
      await this.parts.store.putBack(this.queue, taken, taken.stored).catch((error: unknown) => {
        // It comes back all the same: to whoever sees that nobody consumes the queue any more.
        this.logger.warn({ msg: 'a message could not be put back', queue: this.queue, id: taken.id, err: error });
      });
    }
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.turnedAt = performance.now();
      try {
        await this.sweepWhenDue();
        if (await this.takeMore()) {
          continue;
        }
      } catch (error) {
        this.logger.warn({ msg: 'no messages could be taken', queue: this.queue, err: error });
      }
      await this.signal.wait(pollMs);
    }
  }

  /** Answers whether it is worth asking again at once. */
  private async takeMore(): Promise<boolean> {
    const { quarantine } = this.parts;
    const room = (this.rest.isResting ? 1 : this.parallel) - this.running.size;
    if (quarantine.isClosed || room <= 0 || this.rest.mustWait) {
      return false;
    }
    const taken = await quarantine.during(this.takeAndStart(room));
    return taken === 'a suspect' ? quarantine.alone(() => this.takeAndWork()) : taken === 'messages';
  }

  private async takeAndStart(room: number): Promise<'nothing' | 'messages' | 'a suspect'> {
    const messages = await this.parts.store.take(this.queue, room);
    const mayStart = !this.stopping && !this.parts.quarantine.isClosed;
    const hasSuspect = messages.some(({ stored }) => stored.crashes > 0);
    if (mayStart && !hasSuspect) {
      for (const taken of messages) {
        void this.parts.quarantine.during(this.track(taken));
      }
      return messages.length > 0 ? 'messages' : 'nothing';
    }
    for (const taken of messages) {
      await this.parts.store.putBack(this.queue, taken, taken.stored);
    }
    return mayStart ? 'a suspect' : 'nothing';
  }

  /** Suspects come first in the queue, so this takes the one that was seen, unless another process was quicker. */
  private async takeAndWork(): Promise<void> {
    const [taken] = this.stopping ? [] : await this.parts.store.take(this.queue, 1);
    if (taken) {
      await this.track(taken);
    }
  }

  private async track(taken: TakenMessage): Promise<void> {
    const running = { taken, work: this.work(taken) };
    this.running.add(running);
    await running.work;
    this.running.delete(running);
    this.wake();
  }

  private async work({ id, stored }: TakenMessage): Promise<void> {
    const delivery = { text: stored.text, history: stored.history, attempt: nextAttempt(stored) };
    const decision = await deliver(delivery, this.subscription, this.parts.rules);
    this.rest.note(decision);
    // Once the grace is over it was put back: its outcome is then for the next delivery to say.
    while (!this.graceIsOver && !(await this.settle({ id, stored }, decision))) {
      await sleep(pollMs);
    }
  }

  /** Stores what became of a message. Answers false when the database could not take it. */
  private async settle(taken: TakenMessage, decision: Decision): Promise<boolean> {
    const { store, doorbell, deadLetters } = this.parts;
    try {
      if (decision.kind === 'acknowledge') {
        await this.acknowledgements.add(taken.id);
      } else if (decision.kind === 'retry') {
        await store.putBack(this.queue, taken, { ...taken.stored, history: decision.history }, decision.waitMs);
        setTimeout(() => this.wake(), decision.waitMs).unref();
      } else if (await store.bury(this.queue, taken, decision.letter)) {
        doorbell.ring(deadQueueOf(this.queue));
        await recordDeadLetter(deadLetters, decision.letter);
      }
      return true;
    } catch (error) {
      this.logger.warn({ msg: 'the outcome of a message could not be stored yet', queue: this.queue, id: taken.id, err: error });
      return false;
    }
  }

  private async sweepWhenDue(): Promise<void> {
    if (performance.now() - this.sweptAt < sweepMs) {
      return;
    }
    this.sweptAt = performance.now();
    const ours = new Set([...this.running].map(({ taken }) => taken.id));
    for (const { id, stored, serverRestarted } of await findAbandoned(this.parts, this.queue, ours, this.parts.rules.handlerDeadlineMs)) {
      const crashes = stored.crashes + (serverRestarted ? 0 : 1);
      this.logger.warn({ msg: 'a message comes back, its worker ended without an outcome', queue: this.queue, id, crashes });
      await this.parts.store.putBack(this.queue, { id, stored }, { ...stored, crashes });
    }
  }
}
