import type { SentMessages } from '@repo/collection-domain';
import { CollectionDatabase, dialectOf, instant, translateDatabaseErrors, type Dialect } from '@repo/database';
import { SystemClock, type Clock } from '@repo/kernel';
import type { OutboxBacklog, OutboxRow as WaitingMessage, OutboxStore } from '@repo/messaging';
import { In, IsNull, type EntityManager } from 'typeorm';
import { OutboxRow } from './outbox.row.js';

/** Sent rows are kept this long, for people who look for a message. */
const SENT_KEPT_MS = 7 * 24 * 3_600_000;

/**
 * A relay claims rows for a while, in a statement of its own: no transaction and no connection waits for the
 * broker. What a relay neither marked nor released, because it died, is free again when its claim ends.
 */
export class SqlOutboxStore implements OutboxStore, SentMessages {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {}

  claimBatch(limit: number, claimMs: number, exceptQueues: readonly string[]): Promise<WaitingMessage[]> {
    return translateDatabaseErrors(async () => {
      const { source } = this.database;
      const answer: unknown = await source.query(claimWaiting(dialectOf(source.options.type), limit, claimMs, exceptQueues.length), [...exceptQueues]);
      return rowsIn(answer).sort(byTurn).map(toWaitingMessage);
    });
  }

  markSent(ids: readonly string[]): Promise<void> {
    return this.change((manager) => manager.update(OutboxRow, { id: In([...ids]), sentAt: IsNull() }, { sentAt: this.clock.now() }));
  }

  markFailed(ids: readonly string[]): Promise<void> {
    return this.change((manager) => manager.update(OutboxRow, { id: In([...ids]), sentAt: IsNull() }, { attempts: () => '"attempts" + 1' }));
  }

  release(ids: readonly string[]): Promise<void> {
    return this.change((manager) => manager.update(OutboxRow, { id: In([...ids]), sentAt: IsNull() }, { claimedUntil: null }));
  }

  backlog(): Promise<OutboxBacklog> {
    return translateDatabaseErrors(async () => {
      const waiting = this.database.source.createQueryBuilder(OutboxRow, 'row').where('row.sentAt IS NULL');
      const { rows, oldest } = (await waiting.select('COUNT(*)', 'rows').addSelect('MIN(row.createdAt)', 'oldest').getRawOne<{ rows: number | string; oldest: Date | null }>())!;
      return { rows: Number(rows), oldestMs: oldest ? Math.max(0, this.clock.now().getTime() - oldest.getTime()) : 0 };
    });
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

  private change(work: (manager: EntityManager) => Promise<unknown>): Promise<void> {
    return translateDatabaseErrors(async () => {
      await work(this.database.source.manager);
    });
  }
}

interface ClaimedRow extends Omit<WaitingMessage, 'traceparent'> {
  createdAt: Date;
  traceparent: string | null;
}

/** PostgreSQL's driver answers an UPDATE with its rows and their number, SQL Server's with the rows. */
function rowsIn(answer: unknown): ClaimedRow[] {
  const [first] = answer as unknown[];
  return (Array.isArray(first) ? first : answer) as ClaimedRow[];
}

/** The rows come in no order of their own. */
function byTurn(a: ClaimedRow, b: ClaimedRow): number {
  return a.attempts - b.attempts || a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);
}

function toWaitingMessage({ createdAt: _, traceparent, ...row }: ClaimedRow): WaitingMessage {
  return { ...row, ...(traceparent === null ? {} : { traceparent }) };
}

/** The one place where the two databases have no common words. Parameters: the queues to leave out. */
function claimWaiting(dialect: Dialect, limit: number, claimMs: number, leftOut: number): string {
  const columns = ['id', 'queue', 'messageName', 'messageId', 'body', 'traceparent', 'attempts', 'createdAt'];
  const namedIn = (table: string) => columns.map((column) => `${table}."${column}"`).join(', ');
  const placeholders = (name: (index: number) => string) => Array.from({ length: leftOut }, (_, index) => name(index)).join(', ');
  const queues = (name: (index: number) => string) => (leftOut === 0 ? '' : ` AND "queue" NOT IN (${placeholders(name)})`);
  const order = 'ORDER BY "attempts", "createdAt", "id"';
  if (dialect === 'mssql') {
    const free = `"sentAt" IS NULL AND ("claimedUntil" IS NULL OR "claimedUntil" < SYSUTCDATETIME())${queues((index) => `@${index}`)}`;
    return `WITH "due" AS (SELECT TOP (${limit}) * FROM "Outbox" WITH (UPDLOCK, ROWLOCK, READPAST, READCOMMITTEDLOCK) WHERE ${free} ${order})
      UPDATE "due" SET "claimedUntil" = DATEADD(millisecond, ${claimMs}, SYSUTCDATETIME()) OUTPUT ${namedIn('inserted')}`;
  }
  const free = `"sentAt" IS NULL AND ("claimedUntil" IS NULL OR "claimedUntil" < now())${queues((index) => `$${index + 1}`)}`;
  // A claim that a crash of the server forgets is no loss: its commit need not wait for the disk.
  return `WITH "due" AS (SELECT "id" FROM "Outbox" WHERE ${free} ${order} LIMIT ${limit} FOR UPDATE SKIP LOCKED),
      "hurry" AS (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE "Outbox" SET "claimedUntil" = now() + interval '${claimMs} ms' FROM "due", "hurry" WHERE "Outbox"."id" = "due"."id" RETURNING ${namedIn('"Outbox"')}`;
}
