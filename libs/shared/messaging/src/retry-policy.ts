import { AccessDeniedError, TemporaryError } from '@repo/kernel';

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
  /** A part refuses our credentials. */
  'access denied',
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

/** What trying again may do about an error. */
export type ErrorClass =
  /** A part did not answer, or was busy: the next attempt may succeed. */
  | 'transient'
  /** A part refuses our credentials, fresh ones too: a person has to help, and is told. */
  | 'forbidden'
  /** The next attempt would end the same. */
  | 'permanent';

/**
 * The class of each error that can be thrown; the first row that fits decides, and what fits none is permanent.
 * Adapters translate what their part says: time-outs, lost connections, 429 and 5xx to TemporaryError, 403 after
 * one refresh of the credentials to AccessDeniedError. A driver's own error has slipped through and is a mistake.
 */
export const errorClasses: readonly { thrown: abstract new (...parts: never[]) => Error; is: ErrorClass }[] = [
  { thrown: TemporaryError, is: 'transient' },
  { thrown: AccessDeniedError, is: 'forbidden' },
];

export function classifyError(error: unknown): ErrorClass {
  return errorClasses.find(({ thrown }) => error instanceof thrown)?.is ?? 'permanent';
}

export type AfterFailure = { kind: 'retry'; waitMs: number } | { kind: 'bury'; cause: DeadLetterCause };

/**
 * What becomes of a message whose attempt failed.
 *
 * | the attempt ended with | attempts left | then |
 * |---|---|---|
 * | a transient error | yes | retry after the next wait |
 * | a transient error | no | bury: attempts used up |
 * | a forbidden error | - | bury: access denied |
 * | UndeliverableError | - | bury: its own cause |
 * | any other permanent error | - | bury: refused |
 *
 * @param attempt the one that failed, 1 for the first
 * @param chance uniform in [0, 1)
 */
export function afterFailure(error: unknown, attempt: number, policy: RetryPolicy, chance: number): AfterFailure {
  switch (classifyError(error)) {
    case 'permanent':
      return { kind: 'bury', cause: error instanceof UndeliverableError ? error.deadLetterCause : 'refused' };
    case 'forbidden':
      return { kind: 'bury', cause: 'access denied' };
    case 'transient': {
      const wait = policy.waitsMs[attempt - 1];
      return wait === undefined
        ? { kind: 'bury', cause: 'attempts used up' }
        : { kind: 'retry', waitMs: Math.round(wait * (1 + policy.jitter * (2 * chance - 1))) };
    }
  }
}

/** A crash leaves no error: a message that comes back once more than it may be tried has killed its worker. */
export function isBeyondLastAttempt(attempt: number, policy: RetryPolicy): boolean {
  return attempt > policy.waitsMs.length + 1;
}
