import { columnTypes } from '@repo/database';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Who may sign in. */
export class Identity1760000000000 implements MigrationInterface {
  readonly name = 'Identity1760000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column } = columnTypes(queryRunner);
    await queryRunner.createTable(
      new Table({
        name: 'Users',
        columns: [
          column('id', 'uuid', { isPrimary: true }),
          column('externalId', 'exacttext', { length: '320' }),
          column('email', 'text', { length: '320' }),
          column('name', 'text', { length: '200' }),
          column('provider', 'text', { length: '20' }),
          column('role', 'text', { length: '20' }),
          column('passwordHash', 'text', { length: '400', isNullable: true }),
          column('createdAt', 'datetime'),
        ],
        indices: [new TableIndex({ name: 'IX_Users_provider_externalId', columnNames: ['provider', 'externalId'], isUnique: true })],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('Users');
  }
}
