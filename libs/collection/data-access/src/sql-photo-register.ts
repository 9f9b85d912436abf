import { PhotoRegister, type RegisteredPhoto } from '@repo/collection-domain';
import { CollectionDatabase, instant, translateDatabaseErrors } from '@repo/database';
import type { PhotoId } from '@repo/kernel';
import { In } from 'typeorm';
import { validate } from 'uuid';
import { PhotoRow } from './photo.row.js';

const PAGE = 500;

export class SqlPhotoRegister extends PhotoRegister {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  known(ids: readonly PhotoId[]): Promise<Set<PhotoId>> {
    return translateDatabaseErrors(async () => {
      const wellFormed = ids.filter((id) => validate(id)); // a file's name may be anything, and no row has that id then
      const rows = wellFormed.length === 0 ? [] : await this.database.source.manager.find(PhotoRow, { select: { id: true }, where: { id: In(wellFormed) } });
      return new Set(rows.map(({ id }) => id));
    });
  }

  page(before: Date, after: PhotoId | undefined): Promise<RegisteredPhoto[]> {
    return translateDatabaseErrors(() => {
      const { source } = this.database;
      const query = source.manager.createQueryBuilder(PhotoRow, 'photo').select(['photo.id', 'photo.objectKey']).where('photo.createdAt < :before', { before: instant(source, before) });
      if (after !== undefined) {
        query.andWhere('photo.id > :after', { after });
      }
      return query.orderBy('photo.id', 'ASC').limit(PAGE).getMany();
    });
  }
}
