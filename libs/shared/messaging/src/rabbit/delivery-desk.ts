import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { withDeadline } from '@repo/kernel';
import type { Message } from 'amqplib';
import { LRUCache } from 'lru-cache';
import { recordDeadLetter, type DeadLetterSink } from '../dead-letter.js';
import { deliver, type Decision, type DeliveryRules, type Subscription } from '../delivery.js';
import { UnroutableError } from '../message-bus.js';
import { Rest } from '../rest.js';
import { isBeyondLastAttempt } from '../retry-policy.js';
import type { ChannelLife } from './lasting-channel.js';
import { carriedIn, nextAttempt, parcelOf, parcelOfDead, type CarriedMessage } from './parcel.js';
import type { Publisher } from './publisher.js';
import { deadQueueOf, delayQueueOf, suspectQueueOf, type Topology } from './topology.js';

const againAfterMs = 1_000;
/** With the time that handlers get, still below the 30 s after which a process that was asked to end is killed. */
const putBackDeadlineMs = 5_000;
const amnestyMs = 30_000;
/** Messages that are recognised when they come back after the loss of a connection. */
const remembered = 10_000;

const nothingLeftToDo: Promise<Decision> = Promise.resolve({ kind: 'acknowledge' });

export interface DeskParts {
  publisher: Publisher;
  topology: Topology;
  rules: DeliveryRules;
  deadLetters: DeadLetterSink;
}

/** One delivery of a message. */
export interface Delivery {
  raw: Message;
  /** Of the channel that it can be acknowledged on. */
  life: ChannelLife;
  /** The queue it came from. */
  origin: string;
}

/** Works on what one queue delivers, and tells the broker what became of each message. */
export class DeliveryDesk {
  private readonly logger = new Logger('messages');
  private readonly inHand = new Map<Delivery, Promise<void>>();
  /** What is or was done about a message: it comes back when a connection is lost before the broker has heard of it. */
  private readonly works = new LRUCache<string, Promise<Decision>>({ max: remembered });
  private readonly rest: Rest;
  private stopping = false;
  private graceIsOver = false;
  private amnestyUntil = -Infinity;
  private muteSince?: number;

  /** @param onSuspect a message was put among the suspects */
  constructor(
    private readonly parts: DeskParts,
    private readonly subscription: Subscription<unknown>,
    private readonly onSuspect: () => void,
  ) {
    this.rest = new Rest(subscription.message.queue, parts.rules.retries);
  }

  /** Messages in hand. */
  get size(): number {
    return this.inHand.size;
  }

  /** Milliseconds since outcomes can't be told to the broker. */
  get muteForMs(): number {
    return this.muteSince === undefined ? 0 : performance.now() - this.muteSince;
  }

  /** To be told when our own connection was lost: what comes back in the next time is taken for a victim of the same event. */
  forgive(): void {
    this.amnestyUntil = performance.now() + amnestyMs;
    this.muteSince = undefined;
  }

  /** Resolves when the message has its outcome, or when that is not for us to say any more. Never throws. */
  async work(delivery: Delivery): Promise<void> {
    const work = this.handle(delivery, carriedIn(delivery.raw));
    this.inHand.set(delivery, work);
    await work;
    this.inHand.delete(delivery);
  }

  /** Begins nothing more; resolves when everything has its outcome. */
  async finish(): Promise<void> {
    this.stopping = true;
    this.rest.end();
    await Promise.all(this.inHand.values());
  }

  /** Puts back what has no outcome yet, uncounted. */
  async putBackRest(): Promise<void> {
    this.graceIsOver = true;
    await Promise.all([...this.inHand.keys()].map((delivery) => this.putBack(delivery, carriedIn(delivery.raw))));
  }

  private async handle(delivery: Delivery, message: CarriedMessage): Promise<void> {
    if (this.stopping) {
      return this.putBack(delivery, message);
    }
    const key = keyOf(message);
    if (delivery.raw.fields.redelivered) {
      const known = this.works.get(key);
      if (known) {
        // Lost with a connection, not with a process: no second work, no crash.
        return this.settle(delivery, message, await known);
      }
      if (performance.now() > this.amnestyUntil) {
        return this.takeCrashed(delivery, message);
      }
    }
    // Held in hand: a message that is given back would come again at once.
    await this.rest.turn();
    if (this.stopping) {
      return this.putBack(delivery, message);
    }
    if (delivery.life.isOver) {
      return; // it comes again by another channel
    }
    const work = this.deliver(message);
    this.works.set(key, work);
    return this.settle(delivery, message, await work);
  }

  /** Whoever had this message died: guilty or not, it is tried alone next time. */
  private async takeCrashed(delivery: Delivery, before: CarriedMessage): Promise<void> {
    const message = { ...before, crashes: before.crashes + 1 };
    this.logger.warn({ msg: 'a message comes back, its worker ended without an outcome', queue: this.queue, id: message.messageId, crashes: message.crashes });
    if (isBeyondLastAttempt(nextAttempt(message), this.parts.rules.retries)) {
      // Convicts it, without calling its handler.
      return this.settle(delivery, message, await this.deliver(message));
    }
    await this.tell(delivery, message, () => this.parts.publisher.send(suspectQueueOf(this.queue), parcelOf(message)));
    this.onSuspect();
  }

  private async deliver(message: CarriedMessage): Promise<Decision> {
    const decision = await deliver({ text: message.text, history: message.history, attempt: nextAttempt(message) }, this.subscription, this.parts.rules);
    this.rest.note(decision);
    return decision;
  }

  private async settle(delivery: Delivery, message: CarriedMessage, decision: Decision): Promise<void> {
    const isTold = await this.tell(delivery, message, async () => {
      await this.carryOut(message, decision);
      this.works.set(keyOf(message), nothingLeftToDo);
    });
    if (isTold && decision.kind === 'bury') {
      await recordDeadLetter(this.parts.deadLetters, decision.letter);
    }
  }

  private async carryOut(message: CarriedMessage, decision: Decision): Promise<void> {
    const { publisher, rules } = this.parts;
    if (decision.kind === 'retry') {
      const waitMs = rules.retries.waitsMs[nextAttempt(message) - 1]!;
      await publisher.send(delayQueueOf(this.queue, waitMs), parcelOf({ ...message, history: decision.history }));
    } else if (decision.kind === 'bury') {
      await publisher.send(deadQueueOf(this.queue), parcelOfDead(message, decision.letter));
    }
  }

  /**
   * Does something about a message and acknowledges it then; tries as often as it takes. Answers false when
   * that is not for us to say any more: its channel has ended, or it was put back.
   */
  private async tell({ life, raw }: Delivery, { messageId }: CarriedMessage, act: () => Promise<void>): Promise<boolean> {
    while (!life.isOver && !this.graceIsOver) {
      try {
        await act();
        if (this.graceIsOver) {
          return false;
        }
        life.channel.ack(raw);
        this.muteSince = undefined;
        return true;
      } catch (error) {
        this.muteSince ??= performance.now();
        this.logger.warn({ msg: 'the outcome of a message could not be told yet', queue: this.queue, id: messageId, err: error });
        await sleep(againAfterMs);
        if (error instanceof UnroutableError) {
          // What keeps the queue from being made is told by the next try.
          await this.parts.topology.renew(this.queue).catch(() => undefined);
        }
      }
    }
    return false;
  }

  /** To where it came from, as it came. A mere release would count as a delivery that failed. */
  private async putBack({ life, raw, origin }: Delivery, message: CarriedMessage): Promise<void> {
    if (life.isOver) {
      return;
    }
    try {
      await withDeadline('RabbitMQ', putBackDeadlineMs, this.parts.publisher.send(origin, parcelOf(message)));
      life.channel.ack(raw);
    } catch (error) {
      // It comes back all the same when the channel closes, as one whose worker died.
      this.logger.warn({ msg: 'a message could not be put back', queue: this.queue, id: message.messageId, err: error });
    }
  }

  private get queue(): string {
    return this.subscription.message.queue;
  }
}

/** The same message in the same attempt. */
function keyOf(message: CarriedMessage): string {
  return createHash('sha256').update(`${nextAttempt(message)} ${message.text}`).digest('base64');
}
