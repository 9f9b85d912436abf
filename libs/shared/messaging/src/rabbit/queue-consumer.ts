import { setTimeout as sleep } from 'node:timers/promises';
import { TemporaryError } from '@repo/kernel';
import type { Subscription } from '../delivery.js';
import { inTime, type BrokerConnection } from './broker-connection.js';
import { DeliveryDesk, type DeskParts } from './delivery-desk.js';
import type { Isolation, Pausable } from './isolation.js';
import { consume, LastingChannel, type ChannelLife } from './lasting-channel.js';
import { suspectQueueOf } from './topology.js';

const lookMs = 2_500;
/** A broker that delivers does so within milliseconds: first it is said that this one does not, then it is asked anew. */
const silentMs = 10_000;
const askAnewMs = 15_000;

export interface ConsumerParts extends DeskParts {
  connection: BrokerConnection;
  isolation: Isolation;
}

/** Takes the messages of one queue, at most `parallel` at once, and its suspects one at a time. */
export class QueueConsumer implements Pausable {
  private readonly desk: DeliveryDesk;
  private readonly lasting: LastingChannel;
  private readonly watch: NodeJS.Timeout;
  private life?: ChannelLife;
  /** Of the consumer, while there is one. */
  private tag?: string;
  private aligning: Promise<void> = Promise.resolve();
  private paused = false;
  private stopping = false;
  private tryingSuspects = false;
  private receivedAt = -Infinity;
  /** Since when messages have lain in the queue that this consumer, with room for them, does not get. */
  private passedOverSince?: number;

  constructor(
    private readonly parts: ConsumerParts,
    private readonly subscription: Subscription<unknown>,
    private readonly parallel: number,
  ) {
    this.desk = new DeliveryDesk(parts, subscription, () => void this.trySuspects());
    this.lasting = new LastingChannel(parts.connection, `consuming ${this.queue}`, (life) => this.begin(life));
    this.watch = setInterval(() => this.look(), lookMs).unref();
    parts.isolation.join(this);
  }

  get queue(): string {
    return this.subscription.message.queue;
  }

  /** Messages in hand. */
  get running(): number {
    return this.desk.size;
  }

  /** Resolves when it consumes; throws what keeps it from that. */
  async open(): Promise<void> {
    await this.lasting.open();
    void this.trySuspects();
  }

  /** Throws TemporaryError unless this consumer gets the messages there are, and can say what became of them. */
  check(): void {
    if (!this.lasting.current) {
      throw new TemporaryError(`${this.queue} is not consumed at the moment`);
    }
    if (this.passedOverSince !== undefined && performance.now() - this.passedOverSince > silentMs) {
      throw new TemporaryError(`Messages lie in ${this.queue} and none is delivered`);
    }
    if (this.desk.muteForMs > silentMs) {
      throw new TemporaryError(`RabbitMQ can not be told what became of messages of ${this.queue}`);
    }
  }

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
    const finished = Promise.all([this.align(), this.desk.finish()]).then(() => this.desk.finish());
    await Promise.race([finished, sleep(graceMs, undefined, { ref: false })]);
    await this.desk.putBackRest();
    await this.lasting.close();
  }

  private async begin(life: ChannelLife): Promise<void> {
    await this.parts.topology.renew(this.queue);
    if (this.life) {
      this.desk.forgive();
    }
    this.life = life;
    this.tag = undefined;
    this.passedOverSince = undefined;
    await inTime(life.channel.prefetch(this.parallel));
    await this.startOrStop();
  }

  /** Never throws: a channel that can't be told to start or stop is given up. */
  private align(): Promise<void> {
    return this.startOrStop().catch(({ message }: Error) => this.life?.end(message));
  }

  /** Consumes or not, as is wanted now. One change at a time. */
  private startOrStop(): Promise<void> {
    const change = this.aligning.then(async () => {
      const { life } = this;
      const isWanted = !this.paused && !this.stopping;
      if (!life || life.isOver || isWanted === (this.tag !== undefined)) {
        return;
      }
      if (this.tag === undefined) {
        this.tag = await consume(life, this.queue, (raw) => {
          this.receivedAt = performance.now();
          this.passedOverSince = undefined;
          void this.parts.isolation.during(this.desk.work({ raw, life, origin: this.queue }));
        });
      } else {
        await inTime(life.channel.cancel(this.tag));
        this.tag = undefined;
      }
    });
    this.aligning = change.catch(() => undefined);
    return change;
  }

  private look(): void {
    void this.lookForMessages();
    void this.trySuspects();
  }

  /** Looks for messages that a consumer should have had: one that was cancelled behind our back hears of nothing. */
  private async lookForMessages(): Promise<void> {
    const { current } = this.lasting;
    const lookedAt = performance.now();
    const hasRoom = !this.paused && this.desk.size < this.parallel;
    const waiting = current && hasRoom ? await this.count(this.queue) : 0;
    if (!current || waiting === 0 || this.receivedAt > lookedAt) {
      this.passedOverSince = undefined;
      return;
    }
    this.passedOverSince ??= lookedAt;
    if (lookedAt - this.passedOverSince > askAnewMs) {
      current.end(`${waiting} messages lie in ${this.queue} and none is delivered`);
    }
  }

  /** Fetched only when its turn has come: a suspect that a process merely held when it died would look guiltier than it is. */
  private async trySuspects(): Promise<void> {
    if (this.tryingSuspects) {
      return;
    }
    this.tryingSuspects = true;
    while (this.lasting.current && !this.stopping && (await this.count(suspectQueueOf(this.queue))) > 0) {
      await this.parts.isolation.alone(() => this.trySuspect());
    }
    this.tryingSuspects = false;
  }

  private async trySuspect(): Promise<void> {
    const { current: life } = this.lasting;
    if (!life || this.stopping) {
      return;
    }
    const origin = suspectQueueOf(this.queue);
    try {
      const raw = await inTime(life.channel.get(origin));
      if (raw) {
        await this.desk.work({ raw, life, origin });
      }
    } catch (error) {
      life.end(`${origin} gave nothing: ${(error as Error).message}`);
    }
  }

  private count(queue: string): Promise<number> {
    return this.parts.topology.count(queue).catch(() => 0);
  }
}
