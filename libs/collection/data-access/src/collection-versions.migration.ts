import { columnTypes } from '@repo/database';
import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** A version of each owner's collection. An owner without a row has changed nothing since, and is not cached. */
export class CollectionVersions1763600100000 implements MigrationInterface {
  readonly name = 'CollectionVersions1763600100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column } = columnTypes(queryRunner);
    await queryRunner.createTable(new Table({ name: 'CollectionVersions', columns: [column('ownerId', 'uuid', { isPrimary: true }), column('version', 'uuid')] }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('CollectionVersions');
  }
}
