import type { Envelope, MessageDefinition } from '@repo/contracts';
import { TemporaryError } from '@repo/kernel';
import { recordDeadLetter, type DeadLetter, type DeadLetterSink, type FailedAttempt } from '../dead-letter.js';
import { deliver, type DeliveryRules, type Subscription } from '../delivery.js';
import { readAnyEnvelope, writeEnvelope } from '../envelope-text.js';
import { MessageBus, type MessageHandler, type PublishOptions, type QueueDepth } from '../message-bus.js';
import { Rest } from '../rest.js';
import { standardRetries, type RetryPolicy } from '../retry-policy.js';

interface WaitingMessage {
  id: string;
  text: string;
  history: FailedAttempt[];
}

interface Queue {
  waiting: WaitingMessage[];
  /** Waiting for their next attempt. */
  delayed: Map<WaitingMessage, NodeJS.Timeout>;
  running: Map<WaitingMessage, Promise<void>>;
  dead: DeadLetter[];
  consumer?: Consumer;
  watcher?: Watcher;
}

interface Consumer {
  subscription: Subscription<unknown>;
  parallel: number;
  rest: Rest;
}

interface Watcher {
  keep: (letter: DeadLetter) => Promise<void>;
  keeping?: Promise<void>;
  /** Letters that could not be kept, until they are tried again. */
  pausing: Map<DeadLetter, NodeJS.Timeout>;
}

/** Before a letter that could not be kept comes again. */
const keepAgainAfterMs = 100;

export interface InMemoryMessageBusOptions {
  retries?: RetryPolicy;
  handlerDeadlineMs?: number;
  deadLetters?: DeadLetterSink;
}

/** For tests of what publishes and handles messages: the rules of every bus, and nothing that lasts. */
export class InMemoryMessageBus extends MessageBus {
  /** What was published, oldest first. */
  readonly published: Envelope[] = [];
  private readonly queues = new Map<string, Queue>();
  private readonly rules: DeliveryRules;
  private readonly sink?: DeadLetterSink;
  private closed = false;

  constructor({ retries = standardRetries, handlerDeadlineMs = 60_000, deadLetters }: InMemoryMessageBusOptions = {}) {
    super();
    this.rules = { retries, handlerDeadlineMs };
    this.sink = deadLetters;
  }

  async publish<Body>(message: MessageDefinition<Body>, body: Body, options?: PublishOptions): Promise<void> {
    if (this.closed) {
      throw new TemporaryError('The bus is closed');
    }
    const { messageId, text } = writeEnvelope(message, body, options);
    this.published.push(readAnyEnvelope(text, 1));
    this.add(message.queue, messageId, text);
  }

  /** Puts a text into a queue as it is, as no publisher of ours would. */
  inject(queue: string, text: string): void {
    this.add(queue, crypto.randomUUID(), text);
  }

  async subscribe<Body>(message: MessageDefinition<Body>, handler: MessageHandler<Body>, { parallel }: { parallel: number }): Promise<void> {
    const queue = this.queue(message.queue);
    if (queue.consumer) {
      throw new Error(`${message.queue} has a handler in this process already`);
    }
    queue.consumer = { subscription: { message, handler } as Subscription<unknown>, parallel, rest: new Rest(message.queue, this.rules.retries) };
    this.pump(queue);
  }

  async watchDeadLetters(name: string, keep: (letter: DeadLetter) => Promise<void>): Promise<void> {
    const queue = this.queue(name);
    if (queue.watcher) {
      throw new Error(`${name}.dead has a watcher in this process already`);
    }
    queue.watcher = { keep, pausing: new Map() };
    this.handOver(queue);
  }

  async roundTrip(): Promise<void> {
    if (this.closed) {
      throw new TemporaryError('The bus is closed');
    }
  }

  async depth(name: string): Promise<QueueDepth> {
    const { waiting, delayed, running, dead } = this.queue(name);
    return { waiting: waiting.length + delayed.size, running: running.size, dead: dead.length };
  }

  deadLettersOf(queue: string): readonly DeadLetter[] {
    return this.queue(queue).dead;
  }

  /** Resolves when no message of a subscribed queue waits or runs any more, retries included. */
  async settled(): Promise<void> {
    const isBusy = () => [...this.queues.values()].some(({ consumer, waiting, delayed, running }) => consumer && waiting.length + delayed.size + running.size > 0);
    while (isBusy()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async close(graceMs: number): Promise<void> {
    this.closed = true;
    const queues = [...this.queues.values()];
    const running = queues.flatMap((queue) => [...queue.running.values(), queue.watcher?.keeping]);
    for (const { delayed, watcher, consumer } of queues) {
      consumer?.rest.end();
      delayed.forEach((timer) => clearTimeout(timer));
      watcher?.pausing.forEach((timer) => clearTimeout(timer));
    }
    let timer: NodeJS.Timeout | undefined;
    const graceIsOver = new Promise((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([Promise.all(running), graceIsOver]);
    clearTimeout(timer);
  }

  private add(name: string, id: string, text: string): void {
    const queue = this.queue(name);
    const present = [...queue.waiting, ...queue.delayed.keys(), ...queue.running.keys()];
    if (!present.some((message) => message.id === id)) {
      queue.waiting.push({ id, text, history: [] });
      this.pump(queue);
    }
  }

  private pump(queue: Queue): void {
    const { consumer, waiting, running } = queue;
    while (consumer && !this.closed && waiting.length > 0 && running.size < consumer.parallel) {
      const message = waiting.shift()!;
      running.set(message, this.work(queue, message, consumer));
    }
  }

  private async work(queue: Queue, message: WaitingMessage, { subscription, rest }: Consumer): Promise<void> {
    const { text, history } = message;
    if (rest.isResting) {
      await rest.turn();
    }
    const decision = await deliver({ text, history, attempt: history.length + 1 }, subscription, this.rules);
    rest.note(decision);
    queue.running.delete(message);
    if (decision.kind === 'retry') {
      this.delay(queue, { ...message, history: decision.history }, decision.waitMs);
    } else if (decision.kind === 'bury') {
      queue.dead.push(decision.letter);
      this.handOver(queue);
      if (this.sink) {
        await recordDeadLetter(this.sink, decision.letter);
      }
    }
    this.pump(queue);
  }

  private delay(queue: Queue, message: WaitingMessage, waitMs: number): void {
    const timer = setTimeout(() => {
      queue.delayed.delete(message);
      queue.waiting.push(message);
      this.pump(queue);
    }, waitMs);
    queue.delayed.set(message, timer);
  }

  /** Gives the watcher its next letter, unless it has one in hand. */
  private handOver(queue: Queue): void {
    const { watcher, dead } = queue;
    const letter = dead.find((one) => !watcher?.pausing.has(one));
    if (!watcher || watcher.keeping || !letter || this.closed) {
      return;
    }
    watcher.keeping = watcher
      .keep(letter)
      .then(
        () => void dead.splice(dead.indexOf(letter), 1),
        () => this.pause(queue, watcher, letter),
      )
      .then(() => {
        watcher.keeping = undefined;
        this.handOver(queue);
      });
  }

  private pause(queue: Queue, watcher: Watcher, letter: DeadLetter): void {
    const timer = setTimeout(() => {
      watcher.pausing.delete(letter);
      this.handOver(queue);
    }, keepAgainAfterMs);
    watcher.pausing.set(letter, timer);
  }

  private queue(name: string): Queue {
    const queue = this.queues.get(name) ?? { waiting: [], delayed: new Map(), running: new Map(), dead: [] };
    this.queues.set(name, queue);
    return queue;
  }
}
