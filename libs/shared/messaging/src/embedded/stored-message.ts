import { z } from 'zod';
import type { DeadLetter, FailedAttempt } from '../dead-letter.js';
import { letterOf } from '../letter-of.js';
import { deadLetterCauses, type DeadLetterCause } from '../retry-policy.js';

/** A message as it lies in pg-boss: the envelope as text, so that PostgreSQL need not understand what came. */
export interface StoredMessage {
  text: string;
  /** Attempts that failed with an error. */
  history: FailedAttempt[];
  /** Attempts that ended without any outcome, because the process died. */
  crashes: number;
  /** How it ended, once it lies among the dead letters. */
  death?: Death;
}

export interface Death {
  cause: DeadLetterCause;
  reason: string;
  attempt: number;
  /** ISO 8601, UTC. */
  diedAt: string;
}

const failedAttempt = z.object({ attempt: z.number(), failedAt: z.string(), error: z.string() });
const storedShape = z.object({
  text: z.string(),
  history: z.array(failedAttempt).default([]),
  crashes: z.number().default(0),
  death: z.object({ cause: z.enum(deadLetterCauses), reason: z.string(), attempt: z.number(), diedAt: z.string() }).optional(),
});

/** What lies in a job, whoever put it there: anything of another shape is taken as a message's text. */
export function storedIn(data: unknown): StoredMessage {
  const stored = storedShape.safeParse(data);
  return stored.success ? stored.data : { text: JSON.stringify(data) ?? '', history: [], crashes: 0 };
}

/** The attempt that the next delivery is, 1 for the first. */
export function nextAttempt({ history, crashes }: StoredMessage): number {
  return history.length + crashes + 1;
}

/** The dead letter of `queue` that lies in a job; one that somebody put there by hand has no story. */
export function letterIn(queue: string, { text, history, death }: StoredMessage): DeadLetter {
  const { cause, reason, attempt } = death ?? { cause: 'malformed' as const, reason: 'put among the dead letters by hand', attempt: 1 };
  return letterOf({ queue, cause, reason, attempt, history, text });
}
