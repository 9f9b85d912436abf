/** A message that was written in the same transaction as what it tells of. */
export interface OutboxRow {
  id: string;
  messageName: string;
  messageId: string;
  /** JSON. */
  body: string;
  traceparent?: string;
  /** Publications that failed because of the row itself. */
  attempts: number;
}

/** The outbox table, as the relay needs it. */
export abstract class OutboxStore {
  /** At most `limit` rows that are not sent: those with the fewest failed attempts first, then the oldest. */
  abstract claimBatch(limit: number): Promise<OutboxRow[]>;
  abstract markSent(ids: readonly string[]): Promise<void>;
  /** Counts one failed attempt for each row; they stay unsent. */
  abstract markFailed(ids: readonly string[]): Promise<void>;
}
