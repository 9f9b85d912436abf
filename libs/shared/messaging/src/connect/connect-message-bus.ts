import { messages } from '@repo/contracts';
import type { DeadLetterSink } from '../dead-letter.js';
import type { MessageBus } from '../message-bus.js';
import type { RetryPolicy } from '../retry-policy.js';

export interface ConnectOptions {
  /** amqp:// or amqps:// for RabbitMQ, postgres:// or postgresql:// for queues in PostgreSQL. */
  url: string;
  /** Hears of every dead letter; the log by default. */
  deadLetters?: DeadLetterSink;
  /** Three attempts, 5 s and 10 s apart, by default. */
  retries?: RetryPolicy;
  /** A handler that takes longer has failed this attempt; 60 s by default. */
  handlerDeadlineMs?: number;
}

/**
 * Opens the broker that the URL names; the driver of another is not loaded.
 * Throws Error for any other URL, and what the adapter's `open` throws.
 */
export async function connectMessageBus(options: ConnectOptions): Promise<MessageBus> {
  if (/^amqps?:/.test(options.url)) {
    const { RabbitMessageBus } = await import('../rabbit/index.js');
    return RabbitMessageBus.open({ ...options, queues: messages.map(({ queue }) => queue) });
  }
  if (/^postgres(ql)?:/.test(options.url)) {
    const { PgBossMessageBus } = await import('../embedded/index.js');
    return PgBossMessageBus.open(options);
  }
  // No more of the URL than its beginning: the rest may hold a password.
  throw new Error(`Expected messages at amqp://, amqps://, postgres:// or postgresql://, got ${options.url.split('/', 1)[0]}`);
}
