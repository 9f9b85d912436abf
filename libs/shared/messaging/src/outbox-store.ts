/** A message that was written in the same transaction as what it tells of. */
export interface OutboxRow {
  id: string;
  queue: string;
  messageName: string;
  messageId: string;
  /** JSON. */
  body: string;
  traceparent?: string;
  /** Publications that failed because of the row itself. */
  attempts: number;
}

export interface OutboxBacklog {
  /** Rows that are not sent. */
  rows: number;
  /** Age of the oldest; 0 when there is none. */
  oldestMs: number;
}

/** The outbox table, as the relay needs it. Methods throw TemporaryError. */
export abstract class OutboxStore {
  /**
   * At most `limit` rows that are neither sent nor claimed: those with the fewest failed attempts first, then the
   * oldest. For `claimMs` nobody else gets them, unless they are released before.
   */
  abstract claimBatch(limit: number, claimMs: number, exceptQueues: readonly string[]): Promise<OutboxRow[]>;
  abstract markSent(ids: readonly string[]): Promise<void>;
  /** Counts one failed attempt for each row; they stay unsent, and claimed until their claim ends. */
  abstract markFailed(ids: readonly string[]): Promise<void>;
  /** Gives claimed rows back as they were. */
  abstract release(ids: readonly string[]): Promise<void>;
  abstract backlog(): Promise<OutboxBacklog>;
}
