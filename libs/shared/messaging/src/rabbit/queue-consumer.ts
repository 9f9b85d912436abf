import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TemporaryError, withDeadline } from '@repo/kernel';
import type { ConsumeMessage } from 'amqplib';
import { LRUCache } from 'lru-cache';
import { recordDeadLetter, type DeadLetterSink } from '../dead-letter.js';
import { deliver, type Decision, type DeliveryRules, type Subscription } from '../delivery.js';
import { UnroutableError } from '../message-bus.js';
import { isBeyondLastAttempt } from '../retry-policy.js';
import { inTime, type BrokerConnection } from './broker-connection.js';
import type { Isolation, Pausable } from './isolation.js';
import { consume, LastingChannel, type ChannelLife } from './lasting-channel.js';
import { carriedIn, nextAttempt, parcelOf, parcelOfDead, type CarriedMessage } from './parcel.js';
import type { Publisher } from './publisher.js';
import { deadQueueOf, delayQueueOf, suspectQueueOf, type Topology } from './topology.js';

const againAfterMs = 1_000;
/** With the time that handlers get, still below the 30 s after which a process that was asked to end is killed. */
const putBackDeadlineMs = 5_000;
/** After its own connection was lost, a process takes what comes back for a victim of the same event, for so long. */
const amnestyMs = 30_000;
/** Messages that are recognised when they come back after the loss of a connection. */
const remembered = 10_000;
const lookMs = 2_500;
/** A broker that delivers does so within milliseconds. */
const silentMs = 10_000;

const nothingLeftToDo: Promise<Decision> = Promise.resolve({ kind: 'acknowledge' });

export interface ConsumerParts {
  connection: BrokerConnection;
  publisher: Publisher;
  topology: Topology;
  isolation: Isolation;
  rules: DeliveryRules;
  deadLetters: DeadLetterSink;
}

/** One delivery: a message, and the life of the channel that it can be acknowledged in. */
interface Delivery {
  message: CarriedMessage;
  raw: ConsumeMessage;
  life: ChannelLife;
  /** The queue it came from. */
  origin: string;
}

/** Takes the messages of one queue, at most `parallel` at once, and its suspects one at a time. */
export class QueueConsumer implements Pausable {
  private readonly logger = new Logger('messages');
  private readonly lasting: LastingChannel;
  private readonly inHand = new Map<Delivery, Promise<void>>();
  /** What is or was done about a message: it comes back when a connection is lost before the broker has heard of it. */
  private readonly works = new LRUCache<string, Promise<Decision>>({ max: remembered });
  private readonly watch: NodeJS.Timeout;
  private life?: ChannelLife;
  private tag?: string;
  private aligning: Promise<void> = Promise.resolve();
  private paused = false;
  private stopping = false;
  private graceIsOver = false;
  private amnestyUntil = -Infinity;
  private receivedAt = -Infinity;
  /** Since when messages have lain in the queue that this consumer, with room for them, does not get. */
  private passedOverSince?: number;
  /** Since when no outcome could be told to the broker. */
  private muteSince?: number;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly subscription: Subscription<unknown>,
    private readonly parallel: number,
  ) {
    this.lasting = new LastingChannel(parts.connection, `consuming ${this.queue}`, (life) => this.begin(life));
    this.watch = setInterval(() => void this.look(), lookMs).unref();
    parts.isolation.join(this);
  }

  get queue(): string {
    return this.subscription.message.queue;
  }

  /** Messages in hand. */
  get running(): number {
    return this.inHand.size;
  }

  /** Resolves when it consumes; throws what keeps it from that. */
  open(): Promise<void> {
    return this.lasting.open();
  }

  /** Throws TemporaryError unless this consumer gets the messages there are, and can say what became of them. */
  check(): void {
    if (!this.lasting.current) {
      throw new TemporaryError(`${this.queue} is not consumed at the moment`);
    }
    for (const [what, since] of [['messages have lain there', this.passedOverSince], ['outcomes could not be told', this.muteSince]] as const) {
      if (since !== undefined && performance.now() - since > silentMs) {
        throw new TemporaryError(`${this.queue}: ${what} for ${Math.round((performance.now() - since) / 1_000)} s`);
      }
    }
  }

  /** Never throws: a channel that can't be told to stop is given up. */
  async pause(): Promise<void> {
    this.paused = true;
    await this.align();
  }

  resume(): void {
    this.paused = false;
    void this.align();
  }

  /** Takes no more, waits at most `graceMs` for what runs and puts the rest back, uncounted. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.watch);
    this.stopping = true;
    this.parts.isolation.part(this);
    const finished = this.align().then(() => Promise.all(this.inHand.values()));
    await Promise.race([finished, sleep(graceMs, undefined, { ref: false })]);
    this.graceIsOver = true;
    await Promise.all([...this.inHand.keys()].map((delivery) => this.putBack(delivery)));
    await this.lasting.close();
  }

  private async begin(life: ChannelLife): Promise<void> {
    await this.parts.topology.renew(this.queue);
    if (this.life) {
      this.amnestyUntil = performance.now() + amnestyMs;
    }
    this.life = life;
    this.tag = undefined;
    this.passedOverSince = undefined;
    this.muteSince = undefined;
    await inTime(life.channel.prefetch(1));
    await this.consume(life, suspectQueueOf(this.queue));
    await inTime(life.channel.prefetch(this.parallel));
    await this.align();
    if (life.isOver) {
      throw new TemporaryError(await life.ended);
    }
  }

  /** Consumes or not, as is wanted now. One change at a time. */
  private align(): Promise<void> {
    this.aligning = this.aligning.then(async () => {
      const { life } = this;
      const wanted = !this.paused && !this.stopping;
      if (!life || life.isOver || wanted === (this.tag !== undefined)) {
        return;
      }
      try {
        if (this.tag === undefined) {
          this.tag = await this.consume(life, this.queue);
        } else {
          await inTime(life.channel.cancel(this.tag));
          this.tag = undefined;
        }
      } catch (error) {
        life.end(`${this.queue} could not be ${wanted ? 'consumed' : 'left alone'}: ${(error as Error).message}`);
      }
    });
    return this.aligning;
  }

  private consume(life: ChannelLife, origin: string): Promise<string> {
    return consume(life, origin, (raw) => this.receive(life, origin, raw));
  }

  private receive(life: ChannelLife, origin: string, raw: ConsumeMessage): void {
    this.receivedAt = performance.now();
    this.passedOverSince = undefined;
    const delivery = { message: carriedIn(raw), raw, life, origin };
    this.inHand.set(delivery, this.handle(delivery).finally(() => this.inHand.delete(delivery)));
  }

  private async handle(delivery: Delivery): Promise<void> {
    if (this.stopping) {
      return this.putBack(delivery);
    }
    const key = keyOf(delivery.message);
    if (delivery.raw.fields.redelivered) {
      const known = this.works.get(key);
      if (known) {
        // Lost with a connection, not with a process: no second work, no crash.
        return this.settle(delivery, await known);
      }
      if (performance.now() > this.amnestyUntil) {
        return this.takeCrashed(delivery);
      }
    }
    if (delivery.origin !== this.queue) {
      return this.tryAlone(delivery);
    }
    const work = this.parts.isolation.during(this.work(delivery));
    this.works.set(key, work);
    return this.settle(delivery, await work);
  }

  private async tryAlone(delivery: Delivery): Promise<void> {
    const decision = await this.parts.isolation.alone(async () => {
      if (this.stopping) {
        return undefined;
      }
      const work = this.work(delivery);
      this.works.set(keyOf(delivery.message), work);
      return work;
    });
    return decision ? this.settle(delivery, decision) : this.putBack(delivery);
  }

  /** Whoever had this message died: guilty or not, it is tried alone next time. */
  private async takeCrashed(delivery: Delivery): Promise<void> {
    const message = { ...delivery.message, crashes: delivery.message.crashes + 1 };
    this.logger.warn({ msg: 'a message comes back, its worker ended without an outcome', queue: this.queue, id: message.messageId, crashes: message.crashes });
    if (isBeyondLastAttempt(nextAttempt(message), this.parts.rules.retries)) {
      // Convicts it, without calling its handler.
      return this.settle({ ...delivery, message }, await this.work({ ...delivery, message }));
    }
    await this.tell(delivery, () => this.parts.publisher.send(suspectQueueOf(this.queue), parcelOf(message)));
  }

  private work({ message }: Delivery): Promise<Decision> {
    return deliver({ text: message.text, history: message.history, attempt: nextAttempt(message) }, this.subscription, this.parts.rules);
  }

  /** Tells the broker what became of a message. */
  private async settle(delivery: Delivery, decision: Decision): Promise<void> {
    const isTold = await this.tell(delivery, async () => {
      await this.carryOut(delivery.message, decision);
      this.works.set(keyOf(delivery.message), nothingLeftToDo);
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
   * Does something about a message and acknowledges it then, as often as it takes. Answers false when
   * that is not for us to say any more: its channel has ended, or it was put back.
   */
  private async tell({ life, raw, message }: Delivery, act: () => Promise<void>): Promise<boolean> {
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
        this.logger.warn({ msg: 'the outcome of a message could not be told yet', queue: this.queue, id: message.messageId, err: error });
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
  private async putBack({ life, raw, message, origin }: Delivery): Promise<void> {
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

  /** Looks for messages that a consumer should have had: cancelled behind our back it hears of nothing. */
  private async look(): Promise<void> {
    const { current } = this.lasting;
    const lookedAt = performance.now();
    const hasRoom = !this.paused && this.inHand.size < this.parallel;
    const waiting = current && hasRoom ? await this.parts.topology.count(this.queue).catch(() => 0) : 0;
    if (!current || waiting === 0 || this.receivedAt > lookedAt) {
      this.passedOverSince = undefined;
      return;
    }
    this.passedOverSince ??= lookedAt;
    if (lookedAt - this.passedOverSince > silentMs) {
      current.end(`${waiting} messages lie in ${this.queue} and none is delivered`);
    }
  }
}

/** The same message in the same attempt. */
function keyOf(message: CarriedMessage): string {
  return createHash('sha256').update(`${nextAttempt(message)} ${message.text}`).digest('base64');
}
