import type { Envelope, MessageDefinition } from '@repo/contracts';
import { withDeadline, type Outcome } from '@repo/kernel';
import { counter, histogram, inTrace } from '@repo/observability';
import type { DeadLetter, FailedAttempt } from './dead-letter.js';
import { readEnvelope } from './envelope-text.js';
import { letterOf } from './letter-of.js';
import type { MessageHandler } from './message-bus.js';
import { afterFailure, isBeyondLastAttempt, type DeadLetterCause, type RetryPolicy } from './retry-policy.js';

const delivered = counter('messages_delivered_total', 'Deliveries by queue and what became of them', ['queue', 'result']);
const handling = histogram('message_handling_seconds', 'Time a handler took for one message', ['queue']);

/** A message as a broker hands it over. */
export interface Delivery {
  text: string;
  /** 1 for the first. Deliveries without any outcome, because the process died, count too. */
  attempt: number;
  /** Attempts that failed with an error. */
  history: readonly FailedAttempt[];
}

export interface Subscription<Body = unknown> {
  message: MessageDefinition<Body>;
  handler: MessageHandler<Body>;
}

/** What the broker does next with a delivered message. */
export type Decision =
  | { kind: 'acknowledge' }
  | { kind: 'retry'; waitMs: number; history: FailedAttempt[] }
  | { kind: 'bury'; letter: DeadLetter };

export interface DeliveryRules {
  retries: RetryPolicy;
  /** A handler that takes longer has failed this attempt. */
  handlerDeadlineMs: number;
}

/**
 * Hands one message to its handler and decides what becomes of it: the same for every broker.
 * Never throws.
 */
export async function deliver<Body>(delivery: Delivery, subscription: Subscription<Body>, rules: DeliveryRules): Promise<Decision> {
  const decision = await decide(delivery, subscription, rules);
  delivered.inc({ queue: subscription.message.queue, result: decision.kind });
  return decision;
}

async function decide<Body>(delivery: Delivery, { message, handler }: Subscription<Body>, rules: DeliveryRules): Promise<Decision> {
  const { text, attempt, history } = delivery;
  if (isBeyondLastAttempt(attempt, rules.retries)) {
    const reason = `crashed the worker: delivered ${attempt - 1} times, the last time without an outcome`;
    return bury(message.queue, { ...delivery, attempt: attempt - 1 }, 'crashed the worker', reason, [...history]);
  }
  try {
    const envelope = readEnvelope(message, text, attempt);
    await handle(message, handler, envelope, rules.handlerDeadlineMs);
    return { kind: 'acknowledge' };
  } catch (error) {
    const reason = describe(error);
    const grown = [...history, { attempt, failedAt: new Date().toISOString(), error: reason }];
    const next = afterFailure(error, attempt, rules.retries, Math.random());
    return next.kind === 'retry'
      ? { ...next, history: grown }
      : bury(message.queue, delivery, next.cause, reason, grown);
  }
}

async function handle<Body>(
  message: MessageDefinition<Body>,
  handler: MessageHandler<Body>,
  envelope: Envelope<Body>,
  deadlineMs: number,
): Promise<Outcome> {
  const stop = handling.startTimer({ queue: message.queue });
  try {
    return await inTrace(envelope.traceparent, () =>
      withDeadline(`The handler of ${message.name}`, deadlineMs, handler(envelope.body, envelope)),
    );
  } finally {
    stop();
  }
}

function bury(queue: string, { text, attempt }: Delivery, cause: DeadLetterCause, reason: string, history: FailedAttempt[]): Decision {
  return { kind: 'bury', letter: letterOf({ queue, cause, reason, attempt, history, text }) };
}

/** The error and what caused it, short enough for a table row. */
function describe(error: unknown, depth = 1): string {
  if (!(error instanceof Error)) {
    return String(error).slice(0, 2_000);
  }
  const own = `${error.name}: ${error.message}`;
  const whole = error.cause === undefined || depth === 4 ? own : `${own}; caused by ${describe(error.cause, depth + 1)}`;
  return whole.slice(0, 2_000);
}
