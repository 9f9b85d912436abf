import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Envelope } from '@repo/contracts';
import { readAnyEnvelope } from './envelope-text.js';
import type { DeadLetterCause } from './retry-policy.js';

/** One attempt that came to nothing. */
export interface FailedAttempt {
  attempt: number;
  /** ISO 8601, UTC. */
  failedAt: string;
  error: string;
}

/** A message that nobody tries again until a person says so. */
export interface DeadLetter {
  /** A UUID made from queue and text: the same however often the letter is handed over, or its message dies. */
  letterId: string;
  queue: string;
  cause: DeadLetterCause;
  /** The last error, or what the message did, in one or a few lines. */
  reason: string;
  /** The attempt that ended it. */
  attempt: number;
  /** Every attempt, oldest first, the last included. */
  history: FailedAttempt[];
  /** Absent when the text is no envelope. */
  envelope?: Envelope;
  /** The message as it came. */
  text: string;
}

/** The letter of a message that ended in this way. */
export function letterOf(death: Omit<DeadLetter, 'letterId' | 'envelope'>): DeadLetter {
  return { ...death, letterId: letterIdOf(death.queue, death.text), envelope: envelopeIn(death.text, death.attempt) };
}

// A broker may hand a message to the dead letters twice when it, or we, die in between: by this id it is one letter.
function letterIdOf(queue: string, text: string): string {
  const hash = createHash('sha256').update(`${queue}\n${text}`).digest('hex');
  // Version 8 of RFC 9562: a UUID whose making is the application's own affair.
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `a${hash.slice(17, 20)}`, hash.slice(20, 32)].join('-');
}

function envelopeIn(text: string, attempt: number): Envelope | undefined {
  try {
    return readAnyEnvelope(text, attempt);
  } catch {
    return undefined;
  }
}

/** Hears of each dead letter once, after it lies safely in its queue: to log it, to count it, to tell somebody. */
export abstract class DeadLetterSink {
  abstract record(letter: DeadLetter): Promise<void>;
}

/** Warns: who watches the dead letters alarms. */
export class LogDeadLetters extends DeadLetterSink {
  private readonly logger = new Logger('dead-letters');

  async record({ queue, cause, reason, attempt, envelope }: DeadLetter): Promise<void> {
    this.logger.warn({ msg: 'a message was given up', queue, cause, reason, attempt, messageName: envelope?.name, messageId: envelope?.messageId });
  }
}

/** Tells the sink; the letter lies safely in its queue already, so a sink that fails changes nothing. */
export async function recordDeadLetter(sink: DeadLetterSink, letter: DeadLetter): Promise<void> {
  await sink.record(letter).catch((error: unknown) => {
    new Logger('dead-letters').error({ msg: 'a dead letter could not be recorded', queue: letter.queue, cause: letter.cause, reason: letter.reason, err: error });
  });
}
