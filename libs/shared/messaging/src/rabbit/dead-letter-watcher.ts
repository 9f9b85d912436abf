import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TemporaryError, withDeadline } from '@repo/kernel';
import type { ConsumeMessage } from 'amqplib';
import type { DeadLetter } from '../dead-letter.js';
import { inTime, type BrokerConnection } from './broker-connection.js';
import { consume, LastingChannel, type ChannelLife } from './lasting-channel.js';
import { carriedIn, letterIn, parcelOfDead } from './parcel.js';
import type { Publisher } from './publisher.js';
import { deadQueueOf, type Topology } from './topology.js';

const keepDeadlineMs = 30_000;
/** Letters here at once: one is in hand, others may be pausing after they could not be kept. */
const prefetch = 4;
/** A letter that could not be kept comes again after 1, 2, 4, … s, at most this. */
const mostPauseS = 60;

export interface WatcherParts {
  connection: BrokerConnection;
  publisher: Publisher;
  topology: Topology;
}

/** Hands over the dead letters of one queue, one at a time, oldest first. One that can't be kept goes to the end. */
export class DeadLetterWatcher {
  private readonly logger = new Logger('dead-letters');
  private readonly lasting: LastingChannel;
  private readonly held = new Set<ConsumeMessage>();
  private readonly closing = new AbortController();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: WatcherParts,
    private readonly queue: string,
    private readonly keep: (letter: DeadLetter) => Promise<void>,
  ) {
    this.lasting = new LastingChannel(parts.connection, `watching ${deadQueueOf(queue)}`, (life) => this.begin(life));
  }

  /** Letters that the broker has handed over, and that still lie there. */
  get inHand(): number {
    return this.held.size;
  }

  open(): Promise<void> {
    return this.lasting.open();
  }

  /** Throws TemporaryError unless the letters come. */
  check(): void {
    if (!this.lasting.current) {
      throw new TemporaryError(`${deadQueueOf(this.queue)} is not watched at the moment`);
    }
  }

  /** Begins no more, and waits at most `graceMs` for the letter in hand. The others stay. */
  async close(graceMs: number): Promise<void> {
    this.closing.abort();
    await Promise.race([this.last, sleep(graceMs, undefined, { ref: false })]);
    await this.lasting.close();
  }

  private async begin(life: ChannelLife): Promise<void> {
    await this.parts.topology.renew(this.queue);
    await inTime(life.channel.prefetch(prefetch));
    await consume(life, deadQueueOf(this.queue), (raw) => this.receive(life, raw));
  }

  private receive(life: ChannelLife, raw: ConsumeMessage): void {
    this.held.add(raw);
    void life.ended.then(() => this.held.delete(raw));
    this.last = this.last.then(() => this.handOver(life, raw));
  }

  private async handOver(life: ChannelLife, raw: ConsumeMessage): Promise<void> {
    if (life.isOver || this.closing.signal.aborted) {
      return;
    }
    const letter = letterIn(this.queue, raw);
    try {
      await withDeadline('The keeper of dead letters', keepDeadlineMs, this.keep(letter));
      this.letGo(life, raw);
    } catch (error) {
      this.logger.warn({ msg: 'a dead letter could not be kept yet', queue: this.queue, letter: letter.letterId, err: error });
      void this.standBack(life, raw);
    }
  }

  /** To the end of the queue, after a pause. A mere release would bring it back at once, before all others. */
  private async standBack(life: ChannelLife, raw: ConsumeMessage): Promise<void> {
    const refusals = Number(raw.properties.headers?.['refusals'] ?? 0);
    await sleep(1_000 * Math.min(2 ** refusals, mostPauseS), undefined, { signal: this.closing.signal }).catch(() => undefined);
    if (life.isOver || this.closing.signal.aborted) {
      return;
    }
    try {
      const parcel = parcelOfDead(carriedIn(raw), letterIn(this.queue, raw));
      await this.parts.publisher.send(deadQueueOf(this.queue), { ...parcel, headers: { ...parcel.headers, refusals: refusals + 1 } });
      this.letGo(life, raw);
    } catch (error) {
      this.logger.warn({ msg: 'a dead letter could not stand back', queue: this.queue, err: error });
      void this.standBack(life, raw);
    }
  }

  private letGo(life: ChannelLife, raw: ConsumeMessage): void {
    if (!life.isOver) {
      this.held.delete(raw);
      life.channel.ack(raw);
    }
  }
}
