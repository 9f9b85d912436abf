import { columnTypes } from '@repo/database';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Dead letters, what people did with them, and what went wrong for good. */
export class Operations1760000400000 implements MigrationInterface {
  readonly name = 'Operations1760000400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column } = columnTypes(queryRunner);
    const index = (name: string, columnNames: string[]) => new TableIndex({ name, columnNames });
    await queryRunner.createTable(
      new Table({
        name: 'DeadLetters',
        columns: [
          column('letterId', 'uuid', { isPrimary: true }),
          column('queue', 'text', { length: '100' }),
          column('messageId', 'uuid', { isNullable: true }),
          column('messageName', 'text', { length: '100', isNullable: true }),
          column('cause', 'text', { length: '40' }),
          column('reason', 'text', { length: '2000' }),
          column('groupKey', 'exacttext', { length: '32' }),
          column('attempt', 'integer'),
          column('history', 'json'),
          column('text', 'longtext'),
          column('state', 'text', { length: '12' }),
          column('deadAt', 'datetime'),
          column('alarmedAt', 'datetime', { isNullable: true }),
          column('replayedAt', 'datetime', { isNullable: true }),
          column('replayMessageId', 'uuid', { isNullable: true }),
          column('editedBody', 'longtext', { isNullable: true }),
          column('replayOf', 'uuid', { isNullable: true }),
          column('auditId', 'uuid', { isNullable: true }),
          column('itemId', 'uuid', { isNullable: true }),
          column('fotoId', 'uuid', { isNullable: true }),
        ],
        indices: [
          index('IX_DeadLetters_queue_state_groupKey_deadAt', ['queue', 'state', 'groupKey', 'deadAt']),
          index('IX_DeadLetters_messageId', ['messageId']),
          index('IX_DeadLetters_replayMessageId', ['replayMessageId']),
          index('IX_DeadLetters_replayOf', ['replayOf']),
        ],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'QueueAudit',
        columns: [
          column('id', 'uuid', { isPrimary: true }),
          column('who', 'uuid'),
          column('at', 'datetime'),
          column('what', 'text', { length: '20' }),
          column('queue', 'text', { length: '100' }),
          column('letters', 'integer'),
          column('why', 'text', { length: '400', isNullable: true }),
          column('letterId', 'uuid', { isNullable: true }),
          column('groupKey', 'exacttext', { length: '32', isNullable: true }),
        ],
        indices: [index('IX_QueueAudit_at', ['at'])],
      }),
    );
    // Databases from before this migration have it from the collection's.
    if (!(await queryRunner.hasTable('ErrorLog'))) {
      await queryRunner.createTable(
        new Table({
          name: 'ErrorLog',
          columns: [
            column('id', 'uuid', { isPrimary: true }),
            column('msg', 'text', { length: '2000' }),
            column('reason', 'text', { length: '400' }),
            column('context', 'json'),
            column('timestamp', 'datetime'),
          ],
          indices: [index('IX_ErrorLog_timestamp', ['timestamp'])],
        }),
      );
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['ErrorLog', 'QueueAudit', 'DeadLetters']) {
      await queryRunner.dropTable(table);
    }
  }
}
