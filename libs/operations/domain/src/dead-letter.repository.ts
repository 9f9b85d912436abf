import type { AuditEntry, DeadMessage, Letter, LetterGroup, LetterId } from './letter.js';

/** What the list of queues shows of a queue's dead letters. */
export interface OpenLetters {
  readonly queue: string;
  readonly count: number;
  /** When the oldest of them died. */
  readonly oldest: Date;
}

/** A letter's message, to be sent again under a new id. */
export interface Replay {
  readonly letterId: LetterId;
  readonly queue: string;
  readonly messageName: string;
  /** UUID. */
  readonly messageId: string;
  /** JSON. */
  readonly body: string;
  /** The body is not the letter's own. */
  readonly edited: boolean;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
  /** Its place in the outbox: an earlier one is sent first. */
  readonly at: Date;
}

/** The dead letters of every queue. Each method is one short transaction and throws TemporaryError. */
export abstract class DeadLetterRepository {
  /** Keeps the letter and its entry in the error log; does nothing when it, or a copy of its message, was kept before. */
  abstract keep(letter: DeadMessage, errorMessage: string): Promise<void>;

  /** Answers true to exactly one caller, ever, of a letter that was kept: that one tells people about it. */
  abstract claimAlarm(letterId: LetterId, at: Date): Promise<boolean>;

  /** For every queue that has open letters. */
  abstract openLetters(): Promise<OpenLetters[]>;

  /** The open letters of a queue, those groups first that grew last; at most 100 groups. */
  abstract groups(queue: string): Promise<LetterGroup[]>;

  /** The letter with every other round of its message: what it was a replay of, and what came of its own. Oldest first; empty when there is none. */
  abstract rounds(queue: string, letterId: LetterId): Promise<Letter[]>;

  /** Open letters of a group in the order in which their messages were made; at most 10,000. */
  abstract openInGroup(queue: string, groupKey: string): Promise<LetterId[]>;

  /** At most 1,000 letters, in the order of their ids' list. */
  abstract getMany(letterIds: readonly LetterId[]): Promise<Letter[]>;

  /**
   * Leaves the messages in the outbox and marks their letters, except where a letter is not open any more.
   * The audit entry counts what was replayed; a second call with the same entry adds to it.
   *
   * @returns how many were replayed
   */
  abstract replay(replays: readonly Replay[], audit: AuditEntry): Promise<number>;

  /** Answers false when the letter is not open any more. */
  abstract discard(letterId: LetterId, audit: AuditEntry): Promise<boolean>;
}
