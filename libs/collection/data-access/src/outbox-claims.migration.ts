import { columnTypes } from '@repo/database';
import { Table, TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';

/** A relay's claim on a row of the outbox: a time instead of a lock, so that no transaction waits for the broker. */
export class OutboxClaims1763600200000 implements MigrationInterface {
  readonly name = 'OutboxClaims1763600200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column } = columnTypes(queryRunner);
    await queryRunner.addColumn(new Table({ name: 'Outbox' }), new TableColumn(column('claimedUntil', 'datetime', { isNullable: true })));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropColumn(new Table({ name: 'Outbox', columns: [columnTypes(queryRunner).column('claimedUntil', 'datetime')] }), 'claimedUntil');
  }
}
