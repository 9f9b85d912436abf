import { columnTypes } from '@repo/database';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** The registry of models and what was classified. */
export class RecognitionCollection1760000300000 implements MigrationInterface {
  readonly name = 'RecognitionCollection1760000300000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column, quote } = columnTypes(queryRunner);
    await queryRunner.createTable(
      new Table({
        name: 'Models',
        columns: [
          column('version', 'text', { length: '40', isPrimary: true }),
          column('state', 'text', { length: '12' }),
          column('createdAt', 'datetime'),
          column('activatedAt', 'datetime', { isNullable: true }),
          column('path', 'text', { length: '200' }),
          column('embeddings', 'text', { length: '200' }),
          column('reason', 'longtext', { isNullable: true }),
        ],
        indices: [new TableIndex({ name: 'IX_Models_one_active', columnNames: ['state'], isUnique: true, where: `${quote('state')} = 'active'` })],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'Classifications',
        columns: [
          column('id', 'uuid', { isPrimary: true }),
          column('userId', 'uuid'),
          column('imagePath', 'text', { length: '200' }),
          column('classe', 'text', { length: '200' }),
          column('confianca', 'float'),
          column('conhecido', 'boolean'),
          column('modelVersion', 'text', { length: '40', isNullable: true }),
          column('timestamp', 'datetime'),
        ],
        indices: [new TableIndex({ name: 'IX_Classifications_userId_timestamp', columnNames: ['userId', 'timestamp'] })],
      }),
    );
    await queryRunner.createTable(
      new Table({
        name: 'TemporaryUpload',
        columns: [
          column('id', 'uuid', { isPrimary: true }),
          column('path', 'text', { length: '200' }),
          column('timestamp', 'datetime'),
          column('classified', 'boolean'),
        ],
        indices: [
          new TableIndex({ name: 'IX_TemporaryUpload_path', columnNames: ['path'], isUnique: true }),
          new TableIndex({ name: 'IX_TemporaryUpload_timestamp', columnNames: ['timestamp'] }),
        ],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['TemporaryUpload', 'Classifications', 'Models']) {
      await queryRunner.dropTable(table);
    }
  }
}
