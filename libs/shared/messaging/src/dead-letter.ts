import { Logger } from '@nestjs/common';
import type { Envelope } from '@repo/contracts';
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
