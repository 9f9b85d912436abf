import type { SentMessages } from '@repo/collection-domain';
import { CollectionDatabase, dialectOf, instant, translateDatabaseErrors, type Dialect } from '@repo/database';
import { SystemClock, type Clock } from '@repo/kernel';
import type { OutboxRow as WaitingMessage, OutboxStore } from '@repo/messaging';
import { In, type EntityManager, type QueryRunner } from 'typeorm';
import { OutboxRow } from './outbox.row.js';

/** Sent rows are kept this long, for people who look for a message. */
const SENT_KEPT_MS = 7 * 24 * 3_600_000;

/**
 * Rows claimed by one relay are locked until it marks them or asks for the next batch, so that a
 * second relay takes others meanwhile. The lock is the connection's: it ends with its process.
 */
export class SqlOutboxStore implements OutboxStore, SentMessages {
  /** Holds the locks of the batch in hand. */
  private batch: QueryRunner | undefined;

  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {}

  claimBatch(limit: number): Promise<WaitingMessage[]> {
    return translateDatabaseErrors(async () => {
      await this.endBatch(); // what was not marked waits again
      const batch = this.database.source.createQueryRunner();
      this.batch = batch;
      await batch.startTransaction();
      const rows = (await batch.query(lockWaiting(dialectOf(this.database.source.options.type), limit))) as RawRow[];
      if (rows.length === 0) {
        await this.endBatch();
      }
      return rows.map(({ traceparent, ...row }) => ({ ...row, ...(traceparent === null ? {} : { traceparent }) }));
    });
  }

  markSent(ids: readonly string[]): Promise<void> {
    return this.mark((manager) => manager.update(OutboxRow, { id: In([...ids]) }, { sentAt: this.clock.now() }));
  }

  markFailed(ids: readonly string[]): Promise<void> {
    return this.mark((manager) => manager.increment(OutboxRow, { id: In([...ids]) }, 'attempts', 1));
  }

  /** Removes rows that were sent more than 7 days ago; answers how many. */
  purge(): Promise<number> {
    return translateDatabaseErrors(async () => {
      const { source } = this.database;
      const before = instant(source, new Date(this.clock.now().getTime() - SENT_KEPT_MS));
      const { affected } = await source.createQueryBuilder().delete().from(OutboxRow).where('sentAt < :before', { before }).execute();
      return affected ?? 0;
    });
  }

  /** On the connection that holds the locks, while there is one: any other would wait for it. */
  private mark(change: (manager: EntityManager) => Promise<unknown>): Promise<void> {
    return translateDatabaseErrors(async () => {
      await change(this.batch?.manager ?? this.database.source.manager);
      await this.batch?.commitTransaction();
    }).finally(() => this.endBatch());
  }

  private async endBatch(): Promise<void> {
    const { batch } = this;
    this.batch = undefined;
    if (batch?.isTransactionActive) {
      await batch.rollbackTransaction().catch(() => {}); // a lost connection has let go by itself
    }
    await batch?.release();
  }
}

interface RawRow extends Omit<WaitingMessage, 'traceparent'> {
  traceparent: string | null;
}

/** The one place where the two databases have no common words. */
function lockWaiting(dialect: Dialect, limit: number): string {
  const columns = '"id", "messageName", "messageId", "body", "traceparent", "attempts"';
  const waiting = 'WHERE "sentAt" IS NULL ORDER BY "attempts", "createdAt", "id"';
  return dialect === 'mssql'
    ? `SELECT TOP (${limit}) ${columns} FROM "Outbox" WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK) ${waiting}`
    : `SELECT ${columns} FROM "Outbox" ${waiting} LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
}
