import { DomainError } from '@repo/kernel';
import type { LetterId, LetterState } from './letter.js';

export class QueueNotFoundError extends DomainError {
  readonly code = 'QUEUE_NOT_FOUND';
  constructor(queue: string) {
    super(`There is no queue "${queue.slice(0, 60)}"`);
  }
}

export class DeadLetterNotFoundError extends DomainError {
  readonly code = 'DEAD_LETTER_NOT_FOUND';
  constructor(queue: string, letterId: LetterId) {
    super(`There is no dead letter ${letterId} of ${queue}`);
  }
}

/** Somebody settled the letter before: doing it twice would send its message twice. */
export class DeadLetterReplayedError extends DomainError {
  readonly code = 'DEAD_LETTER_REPLAYED';
  constructor(letterId: LetterId, state: Exclude<LetterState, 'open'>) {
    super(`Dead letter ${letterId} was ${state} already`);
  }
}
