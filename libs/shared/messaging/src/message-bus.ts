import type { Envelope, MessageDefinition } from '@repo/contracts';
import { TemporaryError, type Outcome } from '@repo/kernel';
import type { DeadLetter } from './dead-letter.js';

/** Returning acknowledges. TemporaryError is tried again, anything else goes to the dead letters. */
export type MessageHandler<Body> = (body: Body, envelope: Envelope<Body>) => Promise<Outcome>;

/** The broker has no queue for this message: somebody deleted it, and it is being made again. */
export class UnroutableError extends TemporaryError {}

export interface PublishOptions {
  /** Makes a second publish of the same message recognisable; new by default. */
  messageId?: string;
  /** W3C trace context. */
  traceparent?: string;
}

/**
 * The broker. At least once: a handler may meet a message twice.
 * Three attempts in all, 5 s and 10 s apart (each +-20 %), then the dead letters.
 */
export abstract class MessageBus {
  /**
   * Resolves when the broker keeps the message durably. Throws TemporaryError, UnroutableError when the broker has
   * no queue for it, InvalidInputError for a body that breaks the schema.
   */
  abstract publish<Body>(message: MessageDefinition<Body>, body: Body, options?: PublishOptions): Promise<void>;

  /** Starts consuming; at most `parallel` messages at once. One handler for a queue in a process. */
  abstract subscribe<Body>(message: MessageDefinition<Body>, handler: MessageHandler<Body>, options: { parallel: number }): Promise<void>;

  /** Sends itself a message and waits for it: proof that the broker delivers. Throws TemporaryError. */
  abstract roundTrip(timeoutMs: number): Promise<void>;

  /**
   * Hands over every dead letter of a queue, one at a time, those that lie there already first. A letter leaves the
   * broker when `keep` resolves and comes again, after a pause, when it throws: at least once. One watcher for a
   * queue in a process; several processes share the letters.
   */
  abstract watchDeadLetters(queue: string, keep: (letter: DeadLetter) => Promise<void>): Promise<void>;

  /** Waiting, running and dead messages of a queue; waiting counts those that wait for another attempt too. */
  abstract depth(queue: string): Promise<QueueDepth>;

  /** Takes no more, waits for what is running (at most `graceMs`), then disconnects. */
  abstract close(graceMs: number): Promise<void>;
}

export interface QueueDepth {
  waiting: number;
  /** Undefined where neither the broker nor this process can tell. */
  running: number | undefined;
  dead: number;
}
