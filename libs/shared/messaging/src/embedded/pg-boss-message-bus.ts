import { randomUUID } from 'node:crypto';
import type { MessageDefinition } from '@repo/contracts';
import { TemporaryError, withDeadline } from '@repo/kernel';
import { LogDeadLetters, type DeadLetter, type DeadLetterSink } from '../dead-letter.js';
import type { DeliveryRules, Subscription } from '../delivery.js';
import { writeEnvelope } from '../envelope-text.js';
import { MessageBus, type MessageHandler, type PublishOptions, type QueueDepth } from '../message-bus.js';
import { standardRetries, type RetryPolicy } from '../retry-policy.js';
import { DeadLetterWatcher } from './dead-letter-watcher.js';
import { Doorbell } from './doorbell.js';
import { deadQueueOf, MessageStore } from './message-store.js';
import { Quarantine } from '../quarantine.js';
import { QueueConsumer } from './queue-consumer.js';

const canaryQueue = 'canary';
/** A consumer looks for messages every second: one that has not for this long hangs. */
const silentForMs = 15_000;

export interface PgBossMessageBusOptions {
  /** postgres://…; the queues live in its schema `messages`. */
  url: string;
  /** Hears of every dead letter; the log by default. */
  deadLetters?: DeadLetterSink;
  /** Three attempts, 5 s and 10 s apart, by default. */
  retries?: RetryPolicy;
  /** A handler that takes longer has failed this attempt; 60 s by default. */
  handlerDeadlineMs?: number;
}

/**
 * Messages in PostgreSQL, kept by pg-boss, with the rules of a broker on top: rings instead of polls,
 * dead letters with their reasons, and quick redelivery of what a dead process left behind.
 * Four connections a process.
 */
export class PgBossMessageBus extends MessageBus {
  /** By the queue they take from. */
  private readonly consumers = new Map<string, QueueConsumer | DeadLetterWatcher>();
  private readonly expectedRings = new Map<string, () => void>();
  private readonly quarantine = new Quarantine(() => this.wakeAll());

  private constructor(
    private readonly store: MessageStore,
    private readonly doorbell: Doorbell,
    private readonly rules: DeliveryRules,
    private readonly deadLetters: DeadLetterSink,
  ) {
    super();
    doorbell.onRing = (name) => this.hear(name);
  }

  /** Connects, and makes the schema at the first start. Throws TemporaryError when the database does not answer. */
  static async open({
    url,
    deadLetters = new LogDeadLetters(),
    retries = standardRetries,
    handlerDeadlineMs = 60_000,
  }: PgBossMessageBusOptions): Promise<PgBossMessageBus> {
    const store = await MessageStore.open(url);
    const doorbell = await Doorbell.open(url).catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
    return new PgBossMessageBus(store, doorbell, { retries, handlerDeadlineMs }, deadLetters);
  }

  async publish<Body>(message: MessageDefinition<Body>, body: Body, options?: PublishOptions): Promise<void> {
    const { messageId, text } = writeEnvelope(message, body, options);
    await this.store.add(message.queue, messageId, { text, history: [], crashes: 0 });
    this.doorbell.ring(message.queue);
  }

  async subscribe<Body>(message: MessageDefinition<Body>, handler: MessageHandler<Body>, { parallel }: { parallel: number }): Promise<void> {
    if (this.consumers.has(message.queue)) {
      throw new Error(`${message.queue} has a handler in this process already`);
    }
    await this.store.ensureQueue(message.queue);
    await this.doorbell.markAsConsumer(message.queue);
    const { store, doorbell, quarantine, rules, deadLetters } = this;
    const subscription = { message, handler } as Subscription<unknown>;
    this.consumers.set(message.queue, new QueueConsumer({ store, doorbell, quarantine, rules, deadLetters }, subscription, parallel));
  }

  async watchDeadLetters(queue: string, keep: (letter: DeadLetter) => Promise<void>): Promise<void> {
    const deadQueue = deadQueueOf(queue);
    if (this.consumers.has(deadQueue)) {
      throw new Error(`${deadQueue} has a watcher in this process already`);
    }
    await this.store.ensureQueue(deadQueue);
    await this.doorbell.markAsConsumer(deadQueue);
    this.consumers.set(deadQueue, new DeadLetterWatcher({ store: this.store, doorbell: this.doorbell }, queue, keep));
  }

  async roundTrip(timeoutMs: number): Promise<void> {
    for (const { queue, idleForMs } of this.consumers.values()) {
      if (idleForMs > silentForMs) {
        throw new TemporaryError(`${queue} has not been looked at for ${Math.round(idleForMs)} ms`);
      }
    }
    await withDeadline('The messages', timeoutMs, this.sendCanary());
  }

  depth(queue: string): Promise<QueueDepth> {
    return this.store.depth(queue);
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.stop(graceMs)));
    await this.doorbell.close();
    await this.store.close();
  }

  /** Stores a message, hears it ring and takes it: everything a delivery needs. */
  private async sendCanary(): Promise<void> {
    const id = randomUUID();
    const ring = `${canaryQueue}/${id}`;
    const heard = new Promise<void>((resolve) => this.expectedRings.set(ring, resolve));
    try {
      await this.store.add(canaryQueue, id, { text: id, history: [], crashes: 0 });
      this.doorbell.ring(ring);
      await heard;
      const taken = await this.store.take(canaryQueue, 10);
      await this.store.acknowledge(canaryQueue, taken.map((canary) => canary.id));
      // Another process at the same check may have taken this canary: then it has arrived as well.
      if (await this.store.isWaiting(canaryQueue, id)) {
        throw new TemporaryError('A message was stored, but can not be taken');
      }
    } finally {
      this.expectedRings.delete(ring);
    }
  }

  private hear(name: string): void {
    this.expectedRings.get(name)?.();
    this.consumers.get(name)?.wake();
  }

  private wakeAll(): void {
    for (const consumer of this.consumers.values()) {
      consumer.wake();
    }
  }
}
