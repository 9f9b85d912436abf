import { CollectionDatabase, translateDatabaseErrors } from '@repo/database';
import type { PhotoId, UserId } from '@repo/kernel';
import { PhotoCatalogue, type CataloguedPhoto, type LabelledPhoto, type NamedPhoto, type OwnedCategory } from '@repo/recognition-domain';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { instant } from './instant.js';

/** SQL Server takes 2,100 parameters in a statement. */
const IDS_PER_QUERY = 1_000;

/** Reads the collection's tables by their names, in words that PostgreSQL and SQL Server share. */
export class SqlPhotoCatalogue extends PhotoCatalogue {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  labelledPhotos(): Promise<LabelledPhoto[]> {
    return rowsOf<LabelledPhoto>(
      this.selectPhotos()
        .addSelect('"c"."nomeNormalizado"', 'label')
        .innerJoin('Items', 'i', '"i"."id" = "f"."itemId"')
        .innerJoin('Categoria', 'c', '"c"."id" = "i"."categoriaId"')
        .orderBy('"f"."id"'),
    );
  }

  photosSince(from: Date, limit: number): Promise<CataloguedPhoto[]> {
    return rowsOf<CataloguedPhoto>(
      this.selectPhotos().where('"f"."createdAt" >= :from', { from: instant(this.database.source, from) }).orderBy('"f"."createdAt"').addOrderBy('"f"."id"').limit(limit),
    );
  }

  async photos(photoIds: readonly PhotoId[]): Promise<CataloguedPhoto[]> {
    const found: CataloguedPhoto[] = [];
    for (let start = 0; start < photoIds.length; start += IDS_PER_QUERY) {
      const ids = photoIds.slice(start, start + IDS_PER_QUERY);
      found.push(...(await rowsOf<CataloguedPhoto>(this.selectPhotos().where('"f"."id" IN (:...ids)', { ids }))));
    }
    return found;
  }

  async newestChange(): Promise<{ storedAt: Date | undefined; removedAt: Date | undefined }> {
    const [[photo], [removed]] = await Promise.all([
      rowsOf<{ at: Date | null }>(this.from('Fotos', 'f').select('MAX("f"."createdAt")', 'at')),
      rowsOf<{ at: Date | null }>(this.from('RemovedPhotos', 'r').select('MAX("r"."removedAt")', 'at')),
    ]);
    return { storedAt: photo?.at ?? undefined, removedAt: removed?.at ?? undefined };
  }

  async photoIds(): Promise<PhotoId[]> {
    const rows = await rowsOf<{ photoId: PhotoId }>(this.from('Fotos', 'f').select('"f"."id"', 'photoId'));
    return rows.map(({ photoId }) => photoId);
  }

  async photoIdsUntil(until: Date): Promise<PhotoId[]> {
    const query = this.from('Fotos', 'f').select('"f"."id"', 'photoId').where('"f"."createdAt" <= :until', { until: instant(this.database.source, until) });
    return (await rowsOf<{ photoId: PhotoId }>(query)).map(({ photoId }) => photoId);
  }

  removedSince(from: Date): Promise<{ photoId: PhotoId; removedAt: Date }[]> {
    return rowsOf(
      this.from('RemovedPhotos', 'r')
        .select('"r"."photoId"', 'photoId')
        .addSelect('"r"."removedAt"', 'removedAt')
        .where('"r"."removedAt" >= :from', { from: instant(this.database.source, from) })
        .orderBy('"r"."removedAt"'),
    );
  }

  async named(ownerId: UserId, photoIds: readonly PhotoId[]): Promise<NamedPhoto[]> {
    if (photoIds.length === 0) {
      return [];
    }
    return rowsOf<NamedPhoto>(
      this.from('Fotos', 'f')
        .select('"f"."id"', 'photoId')
        .addSelect('"f"."itemId"', 'itemId')
        .addSelect('"f"."caminho"', 'objectKey')
        .addSelect('"i"."nome"', 'name')
        .addSelect('"c"."nome"', 'category')
        .innerJoin('Items', 'i', '"i"."id" = "f"."itemId"')
        .innerJoin('Categoria', 'c', '"c"."id" = "i"."categoriaId"')
        .where('"f"."ownerId" = :ownerId AND "f"."id" IN (:...photoIds)', { ownerId, photoIds }),
    );
  }

  categories(ownerId: UserId): Promise<OwnedCategory[]> {
    return rowsOf<OwnedCategory>(
      this.from('Categoria', 'c')
        .select('"c"."nome"', 'name')
        .addSelect('"c"."nomeNormalizado"', 'label')
        .where('"c"."ownerId" = :ownerId', { ownerId }),
    );
  }

  private selectPhotos(): SelectQueryBuilder<ObjectLiteral> {
    return this.from('Fotos', 'f')
      .select('"f"."id"', 'photoId')
      .addSelect('"f"."itemId"', 'itemId')
      .addSelect('"f"."ownerId"', 'ownerId')
      .addSelect('"f"."caminho"', 'objectKey')
      .addSelect('"f"."sha256"', 'sha256')
      .addSelect('"f"."createdAt"', 'createdAt');
  }

  private from(table: string, alias: string): SelectQueryBuilder<ObjectLiteral> {
    return this.database.source.createQueryBuilder().from(table, alias);
  }
}

function rowsOf<Row>(query: SelectQueryBuilder<ObjectLiteral>): Promise<Row[]> {
  return translateDatabaseErrors(() => query.getRawMany<Row & ObjectLiteral>());
}
