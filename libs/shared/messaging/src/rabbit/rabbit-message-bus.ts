import type { MessageDefinition } from '@repo/contracts';
import { crashPoint } from '@repo/kernel';
import { LogDeadLetters, type DeadLetter, type DeadLetterSink } from '../dead-letter.js';
import type { DeliveryRules, Subscription } from '../delivery.js';
import { writeEnvelope } from '../envelope-text.js';
import { MessageBus, UnroutableError, type MessageHandler, type PublishOptions, type QueueDepth } from '../message-bus.js';
import { standardRetries, type RetryPolicy } from '../retry-policy.js';
import { BrokerConnection } from './broker-connection.js';
import { Canary } from './canary.js';
import { DeadLetterWatcher } from './dead-letter-watcher.js';
import { brokerFailure } from './errors.js';
import { Isolation } from './isolation.js';
import { Publisher } from './publisher.js';
import { QueueConsumer } from './queue-consumer.js';
import { deadQueueOf, delayQueueOf, suspectQueueOf, Topology } from './topology.js';

export interface RabbitMessageBusOptions {
  /** amqp://user:password@host:5672/vhost or amqps://… */
  url: string;
  /** Hears of every dead letter; the log by default. */
  deadLetters?: DeadLetterSink;
  /** Three attempts, 5 s and 10 s apart, by default. The broker keeps the waits exactly: their jitter is not used. */
  retries?: RetryPolicy;
  /** A handler that takes longer has failed this attempt; 60 s by default. */
  handlerDeadlineMs?: number;
  /** Queues that are made before the bus counts as open; others when they are first used. */
  queues?: readonly string[];
  /** Time that a queue gets between its making and its first message; 2 s by default. */
  settleMs?: number;
}

interface Parts {
  publishing: BrokerConnection;
  consuming: BrokerConnection;
  topology: Topology;
  publisher: Publisher;
  canary: Canary;
}

/**
 * Messages in RabbitMQ's quorum queues, 3.10 or later. A broker that is short of disk or memory stops whoever
 * publishes: that is a connection of its own, and what was taken can still be acknowledged on the other.
 */
export class RabbitMessageBus extends MessageBus {
  private readonly isolation = new Isolation();
  private readonly consumers = new Map<string, QueueConsumer>();
  private readonly watchers = new Map<string, DeadLetterWatcher>();

  private constructor(
    private readonly parts: Parts,
    private readonly rules: DeliveryRules,
    private readonly deadLetters: DeadLetterSink,
  ) {
    super();
  }

  /**
   * Connects, and makes the queues that are missing. Throws TemporaryError when the broker does not
   * answer, AccessDeniedError when it refuses us, QueueMismatchError when a queue is there with other settings.
   */
  static async open({
    url,
    deadLetters = new LogDeadLetters(),
    retries = standardRetries,
    handlerDeadlineMs = 60_000,
    queues = [],
    settleMs = 2_000,
  }: RabbitMessageBusOptions): Promise<RabbitMessageBus> {
    const { publishing, consuming } = await openBoth(url);
    const publisher = new Publisher(publishing);
    const canary = new Canary(consuming, publisher);
    // Not on the connection that a broker short of disk leaves unread.
    const topology = new Topology(consuming, retries.waitsMs, settleMs);
    const parts = { publishing, consuming, topology, publisher, canary };
    try {
      await topology.open(queues);
      await publisher.open();
      await canary.open();
      return new RabbitMessageBus(parts, { retries, handlerDeadlineMs }, deadLetters);
    } catch (error) {
      await closeParts(parts);
      throw brokerFailure(error);
    }
  }

  async publish<Body>(message: MessageDefinition<Body>, body: Body, options?: PublishOptions): Promise<void> {
    const { messageId, text } = writeEnvelope(message, body, options);
    const { topology, publisher } = this.parts;
    await topology.ensure(message.queue);
    try {
      await publisher.send(message.queue, { text, messageId, type: message.name, headers: {} });
      // The broker has the message, and whoever published it does not know yet.
      crashPoint('rabbit.sent');
    } catch (error) {
      if (error instanceof UnroutableError) {
        // Made again at once, so that the next try succeeds; what keeps it from that is told to whoever tries.
        topology.renew(message.queue).catch(() => undefined);
      }
      throw error;
    }
  }

  async subscribe<Body>(message: MessageDefinition<Body>, handler: MessageHandler<Body>, { parallel }: { parallel: number }): Promise<void> {
    if (this.consumers.has(message.queue)) {
      throw new Error(`${message.queue} has a handler in this process already`);
    }
    const { consuming: connection, publisher, topology } = this.parts;
    const { isolation, rules, deadLetters } = this;
    const subscription = { message, handler } as Subscription<unknown>;
    const consumer = new QueueConsumer({ connection, publisher, topology, isolation, rules, deadLetters }, subscription, parallel);
    await openIn(this.consumers, message.queue, consumer);
  }

  async watchDeadLetters(queue: string, keep: (letter: DeadLetter) => Promise<void>): Promise<void> {
    if (this.watchers.has(queue)) {
      throw new Error(`${deadQueueOf(queue)} has a watcher in this process already`);
    }
    const { consuming: connection, publisher, topology } = this.parts;
    const watcher = new DeadLetterWatcher({ connection, publisher, topology }, queue, keep);
    await openIn(this.watchers, queue, watcher);
  }

  async roundTrip(timeoutMs: number): Promise<void> {
    for (const consumer of [...this.consumers.values(), ...this.watchers.values()]) {
      consumer.check();
    }
    await this.parts.canary.fly(timeoutMs);
  }

  async depth(queue: string): Promise<QueueDepth> {
    const { topology } = this.parts;
    const delayQueues = this.rules.retries.waitsMs.map((waitMs) => delayQueueOf(queue, waitMs));
    const [waiting, dead] = await Promise.all([
      Promise.all([queue, suspectQueueOf(queue), ...new Set(delayQueues)].map((name) => topology.count(name))),
      topology.count(deadQueueOf(queue)),
    ]);
    return {
      waiting: waiting.reduce((sum, count) => sum + count, 0),
      running: this.consumers.get(queue)?.running,
      dead: dead + (this.watchers.get(queue)?.inHand ?? 0),
    };
  }

  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.consumers.values(), ...this.watchers.values()].map((consumer) => consumer.close(graceMs)));
    await closeParts(this.parts);
  }
}

// The channels first: what they still have to say would be lost with their connection.
async function closeParts({ canary, publisher, publishing, consuming }: Parts): Promise<void> {
  await Promise.all([canary.close(), publisher.close()]);
  await Promise.all([publishing.close(), consuming.close()]);
}

async function openBoth(url: string): Promise<Pick<Parts, 'publishing' | 'consuming'>> {
  const publishing = await BrokerConnection.open(url, 'publishing');
  try {
    return { publishing, consuming: await BrokerConnection.open(url, 'consuming') };
  } catch (error) {
    await publishing.close();
    throw error;
  }
}

/** Known from the beginning, so that nobody opens a second, and forgotten when it can't be opened. */
async function openIn<Consumer extends QueueConsumer | DeadLetterWatcher>(known: Map<string, Consumer>, queue: string, consumer: Consumer): Promise<void> {
  known.set(queue, consumer);
  try {
    await consumer.open();
  } catch (error) {
    known.delete(queue);
    await consumer.close(0);
    throw brokerFailure(error);
  }
}
