import { PhotoRegister } from '@repo/collection-domain';
import { CollectionDatabase, translateDatabaseErrors } from '@repo/database';
import type { PhotoId } from '@repo/kernel';
import { In } from 'typeorm';
import { PhotoRow } from './photo.row.js';

export class SqlPhotoRegister extends PhotoRegister {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  known(ids: readonly PhotoId[]): Promise<Set<PhotoId>> {
    return translateDatabaseErrors(async () => {
      const rows = ids.length === 0 ? [] : await this.database.source.manager.find(PhotoRow, { select: { id: true }, where: { id: In([...ids]) } });
      return new Set(rows.map(({ id }) => id));
    });
  }
}
