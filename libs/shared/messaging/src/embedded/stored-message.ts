import { z } from 'zod';
import type { FailedAttempt } from '../dead-letter.js';

/** A message as it lies in pg-boss: the envelope as text, so that PostgreSQL need not understand what came. */
export interface StoredMessage {
  text: string;
  /** Attempts that failed with an error. */
  history: FailedAttempt[];
  /** Attempts that ended without any outcome, because the process died. */
  crashes: number;
}

const failedAttempt = z.object({ attempt: z.number(), failedAt: z.string(), error: z.string() });
const storedShape = z.object({
  text: z.string(),
  history: z.array(failedAttempt).default([]),
  crashes: z.number().default(0),
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
