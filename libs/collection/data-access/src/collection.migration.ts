import { columnTypes } from '@repo/database';
import { Table, TableForeignKey, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/** Items, photos, categories, and what keeps requests and messages from being lost or done twice. */
export class Collection1760000100000 implements MigrationInterface {
  readonly name = 'Collection1760000100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { column, quote } = columnTypes(queryRunner);
    const id = column('id', 'uuid', { isPrimary: true });
    const index = (name: string, columnNames: string[], options: { isUnique?: boolean; where?: string } = {}) => new TableIndex({ name, columnNames, ...options });
    const categories = new Table({
      name: 'Categoria',
      columns: [
        id,
        column('ownerId', 'uuid'),
        column('nome', 'text', { length: '200' }),
        column('nomeNormalizado', 'exacttext', { length: '400' }),
        column('settings', 'json'),
        column('createdAt', 'datetime'),
      ],
      indices: [index('IX_Categoria_ownerId_nomeNormalizado', ['ownerId', 'nomeNormalizado'], { isUnique: true })],
    });
    const items = new Table({
      name: 'Items',
      columns: [
        id,
        column('ownerId', 'uuid'),
        column('nome', 'text', { length: '200' }),
        column('descricao', 'longtext', { isNullable: true }),
        column('busca', 'longtext', { isNullable: true }),
        column('categoriaId', 'uuid'),
        column('createdAt', 'datetime'),
      ],
      indices: [
        index('IX_Items_ownerId_createdAt_id', ['ownerId', 'createdAt', 'id']),
        index('IX_Items_categoriaId_createdAt_id', ['categoriaId', 'createdAt', 'id']),
      ],
    });
    const photos = new Table({
      name: 'Fotos',
      columns: [
        id,
        column('itemId', 'uuid'),
        column('ownerId', 'uuid'),
        column('caminho', 'text', { length: '400' }),
        column('sha256', 'text', { length: '64' }),
        column('bytes', 'integer'),
        column('largura', 'integer'),
        column('altura', 'integer'),
        column('posicao', 'integer'),
        column('createdAt', 'datetime'),
      ],
      indices: [index('IX_Fotos_itemId_posicao', ['itemId', 'posicao']), index('IX_Fotos_createdAt', ['createdAt'])],
    });
    const others = [
      new Table({
        name: 'RemovedPhotos',
        columns: [column('photoId', 'uuid', { isPrimary: true }), column('itemId', 'uuid'), column('removedAt', 'datetime')],
        indices: [index('IX_RemovedPhotos_removedAt', ['removedAt'])],
      }),
      new Table({
        name: 'Outbox',
        columns: [
          id,
          column('queue', 'text', { length: '100' }),
          column('messageName', 'text', { length: '100' }),
          column('messageId', 'uuid'),
          column('body', 'longtext'),
          column('traceparent', 'text', { length: '100', isNullable: true }),
          column('createdAt', 'datetime'),
          column('sentAt', 'datetime', { isNullable: true }),
          column('attempts', 'integer'),
        ],
        indices: [
          index('IX_Outbox_waiting', ['attempts', 'createdAt', 'id'], { where: `${quote('sentAt')} IS NULL` }),
          index('IX_Outbox_sentAt', ['sentAt']),
        ],
      }),
      new Table({
        name: 'IdempotencyKeys',
        columns: [
          id,
          column('ownerId', 'uuid'),
          column('key', 'exacttext', { length: '200' }),
          column('fingerprint', 'exacttext', { length: '64' }),
          column('status', 'integer', { isNullable: true }),
          column('response', 'json', { isNullable: true }),
          column('createdAt', 'datetime'),
        ],
        indices: [
          index('IX_IdempotencyKeys_ownerId_key', ['ownerId', 'key'], { isUnique: true }),
          index('IX_IdempotencyKeys_createdAt', ['createdAt']),
        ],
      }),
    ];
    for (const table of [categories, items, photos, ...others]) {
      await queryRunner.createTable(table);
    }
    // Nothing cascades: what deletes an item also leaves tombstones and messages, so it names every row itself.
    await queryRunner.createForeignKey(items, new TableForeignKey({ name: 'FK_Items_Categoria', columnNames: ['categoriaId'], referencedTableName: 'Categoria', referencedColumnNames: ['id'], onDelete: 'NO ACTION', onUpdate: 'NO ACTION' }));
    await queryRunner.createForeignKey(photos, new TableForeignKey({ name: 'FK_Fotos_Items', columnNames: ['itemId'], referencedTableName: 'Items', referencedColumnNames: ['id'], onDelete: 'NO ACTION', onUpdate: 'NO ACTION' }));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['IdempotencyKeys', 'Outbox', 'RemovedPhotos', 'Fotos', 'Items', 'Categoria']) {
      await queryRunner.dropTable(table);
    }
  }
}
