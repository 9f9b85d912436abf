import { TemporaryError } from '@repo/kernel';

/** How often a message is tried, and how far apart. */
export interface RetryPolicy {
  /** Wait before the second, third, … attempt, in milliseconds; one attempt more than waits. */
  readonly waitsMs: readonly number[];
  /** Share of a wait by which it varies either way, so that messages which failed together don't come back together. */
  readonly jitter: number;
}

/** Three attempts, 5 s and 10 s apart: long enough for a restarted server, short enough for a person who waits. */
export const standardRetries: RetryPolicy = { waitsMs: [5_000, 10_000], jitter: 0.2 };

/** Why a message was given up. */
export const deadLetterCauses = [
  /** Not JSON, no envelope, too large, or a body that breaks the message's schema. */
  'malformed',
  /** Nobody here knows a message of this name. */
  'unknown message',
  /** Its handler said that trying again can't help. */
  'refused',
  /** The part it needs failed at every attempt. */
  'attempts used up',
  /** It was delivered as often as is allowed, and the process died each time. */
  'crashed the worker',
] as const;
export type DeadLetterCause = (typeof deadLetterCauses)[number];

/** A message that can't even be handed to a handler. */
export class UndeliverableError extends Error {
  constructor(
    readonly deadLetterCause: 'malformed' | 'unknown message',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'UndeliverableError';
  }
}

export type AfterFailure = { kind: 'retry'; waitMs: number } | { kind: 'bury'; cause: DeadLetterCause };

/**
 * What becomes of a message whose attempt failed.
 *
 * | the attempt ended with | attempts left | then |
 * |---|---|---|
 * | TemporaryError | yes | retry after the next wait |
 * | TemporaryError | no | bury: attempts used up |
 * | UndeliverableError | - | bury: its own cause |
 * | any other error | - | bury: refused |
 *
 * @param attempt the one that failed, 1 for the first
 * @param chance uniform in [0, 1)
 */
export function afterFailure(error: unknown, attempt: number, policy: RetryPolicy, chance: number): AfterFailure {
  if (error instanceof UndeliverableError) {
    return { kind: 'bury', cause: error.deadLetterCause };
  }
  if (!(error instanceof TemporaryError)) {
    return { kind: 'bury', cause: 'refused' };
  }
  const wait = policy.waitsMs[attempt - 1];
  if (wait === undefined) {
    return { kind: 'bury', cause: 'attempts used up' };
  }
  return { kind: 'retry', waitMs: Math.round(wait * (1 + policy.jitter * (2 * chance - 1))) };
}

/** A crash leaves no error: a message that comes back once more than it may be tried has killed its worker. */
export function isBeyondLastAttempt(attempt: number, policy: RetryPolicy): boolean {
  return attempt > policy.waitsMs.length + 1;
}
