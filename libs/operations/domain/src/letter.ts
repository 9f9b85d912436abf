import type { Id, ItemId, PhotoId } from '@repo/kernel';

export type LetterId = Id<'letter'>;

/** `replayed` and `discarded` are final: what comes of a replay is another letter, or none. */
export type LetterState = 'open' | 'replayed' | 'discarded';

/** One attempt that came to nothing. */
export interface FailedAttempt {
  readonly attempt: number;
  /** ISO 8601, UTC. */
  readonly failedAt: string;
  readonly error: string;
}

/** A message that was given up, as it is to be kept. */
export interface DeadMessage {
  readonly letterId: LetterId;
  readonly queue: string;
  /** UUID; absent, as is the name, when the text is no envelope. */
  readonly messageId?: string | undefined;
  readonly messageName?: string | undefined;
  /** Why it was given up, in the broker's words, e.g. `attempts used up`. */
  readonly cause: string;
  /** The last error. */
  readonly reason: string;
  /** The attempt that ended it, 1 for the first. */
  readonly attempt: number;
  /** Oldest first. */
  readonly history: readonly FailedAttempt[];
  /** The message as it came. */
  readonly text: string;
  readonly deadAt: Date;
  /** What the body names, when it names them. */
  readonly itemId?: ItemId | undefined;
  readonly photoId?: PhotoId | undefined;
}

/** A kept message, and what people did with it. */
export interface Letter extends DeadMessage {
  readonly state: LetterState;
  readonly replayedAt?: Date | undefined;
  /** The message that was sent instead of this one. */
  readonly replayMessageId?: string | undefined;
  /** Its body, when somebody changed it. JSON. */
  readonly editedBody?: string | undefined;
  /** The letter whose replay this message was. */
  readonly replayOf?: LetterId | undefined;
  /** Who replayed or discarded it. */
  readonly settledBy?: AuditEntry | undefined;
}

/** Letters that failed for one reason, ids and numbers aside. */
export interface LetterGroup {
  readonly groupKey: string;
  readonly cause: string;
  readonly pattern: string;
  readonly count: number;
  readonly first: Date;
  readonly last: Date;
  /** The newest, at most 3. */
  readonly samples: readonly Letter[];
}

export interface AuditEntry {
  readonly id: Id<'audit'>;
  /** User id. */
  readonly who: string;
  readonly at: Date;
  readonly what: 'replay' | 'edit and replay' | 'replay group' | 'discard';
  readonly queue: string;
  readonly why?: string | undefined;
  /** The one letter, or the group, that it was about. */
  readonly letterId?: LetterId | undefined;
  readonly groupKey?: string | undefined;
}
