import { CollectionDatabase, columnTypes } from '@repo/database';
import { openScratchDatabase, openScratchMssql } from '@repo/database/testing';
import { newId, type ItemId, type PhotoId } from '@repo/kernel';
import type { AuditEntry, DeadMessage, LetterId, Replay } from '@repo/operations-domain';
import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { operationsEntities, operationsMigrations } from './tables.js';

export const QUEUE = 'ImageAugmentations';

/** A minute later with each call, so that order is never left to chance. */
let minute = 0;
export const nextMinute = () => new Date(Date.UTC(2026, 2, 1, 12, (minute += 1)));

export function deadMessage(overrides: Partial<DeadMessage> = {}): DeadMessage {
  const [messageId, itemId, photoId, deadAt] = [newId(), newId<ItemId>(), newId<PhotoId>(), nextMinute()];
  return {
    ...{ letterId: newId<LetterId>(), queue: QUEUE, messageId, messageName: 'photo.augment.v1', itemId, photoId, deadAt },
    cause: 'attempts used up',
    reason: `TemporaryError: photo ${photoId} can't be read`,
    attempt: 3,
    history: [1, 2, 3].map((attempt) => ({ attempt, failedAt: deadAt.toISOString(), error: 'TemporaryError' })),
    text: JSON.stringify({ messageId, body: { itemId, fotoId: photoId } }),
    ...overrides,
  };
}

export function auditEntry(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return { id: newId(), who: newId(), at: nextMinute(), what: 'replay', queue: QUEUE, why: 'the store is back', ...overrides };
}

export function replayOf({ letterId, queue, messageName = 'photo.augment.v1' }: DeadMessage, overrides: Partial<Replay> = {}): Replay {
  return { letterId, queue, messageName, messageId: newId(), body: '{"a":1}', edited: false, at: nextMinute(), ...overrides };
}

/** The SQL Server on which the specs run where one is named, as CI does; else it is PostgreSQL. */
const sqlServerUrl = process.env['TEST_MSSQL_URL'];

/** What operations reads and writes of the collection's tables, as the collection makes them. */
class Collection1700000000000 implements MigrationInterface {
  readonly name = 'Collection1700000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column } = columnTypes(queryRunner);
    const id = column('id', 'uuid', { isPrimary: true });
    const outbox = [
      id,
      column('queue', 'text', { length: '100' }),
      column('messageName', 'text', { length: '100' }),
      column('messageId', 'uuid'),
      column('body', 'longtext'),
      column('traceparent', 'text', { length: '100', isNullable: true }),
      column('createdAt', 'datetime'),
      column('sentAt', 'datetime', { isNullable: true }),
      column('attempts', 'integer'),
      column('claimedUntil', 'datetime', { isNullable: true }),
    ];
    await queryRunner.createTable(new Table({ name: 'Outbox', columns: outbox }));
    await queryRunner.createTable(new Table({ name: 'Fotos', columns: [id] }));
  }

  async down(): Promise<void> {}
}

export async function openScratchOperations(): Promise<CollectionDatabase> {
  const options = { entities: operationsEntities, migrations: [Collection1700000000000, ...operationsMigrations], poolSize: 12 };
  return new CollectionDatabase(await (sqlServerUrl ? openScratchMssql(sqlServerUrl, options) : openScratchDatabase(options)));
}

/** Does the work while a table is away. */
export async function without(table: string, { source }: CollectionDatabase, work: () => Promise<unknown>): Promise<void> {
  const runner = source.createQueryRunner();
  await runner.renameTable(table, 'Away');
  try {
    await work();
  } finally {
    await runner.renameTable('Away', table);
    await runner.release();
  }
}
