import { LearningDatabase, translateDatabaseErrors } from '@repo/database';
import type { PhotoId } from '@repo/kernel';
import { AugmentedVariants, type StoredVariant } from '@repo/recognition-domain';

/** Reads the augmentation's tables by their names. */
export class SqlAugmentedVariants extends AugmentedVariants {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  valid(): Promise<StoredVariant[]> {
    return this.query<StoredVariant>(
      `SELECT r.photo_id AS "photoId", r.object_key AS "objectKey", r.sha256
       FROM augmentation_results r
       JOIN augmentation_jobs j ON j.job_id = r.job_id
       WHERE r.state = 'valid' AND j.status = 'success' AND NOT j.bad_quality
       ORDER BY r.photo_id, r.transform, r.params_hash`,
    );
  }

  async unfinished(photoIds: readonly PhotoId[]): Promise<PhotoId[]> {
    const rows = await this.query<{ photoId: PhotoId }>(
      `SELECT asked.id AS "photoId"
       FROM unnest($1::uuid[]) AS asked(id)
       WHERE NOT EXISTS (SELECT 1 FROM augmentation_jobs j WHERE j.photo_id = asked.id AND j.status IN ('success', 'failed'))
         AND NOT EXISTS (SELECT 1 FROM removed_photos p WHERE p.photo_id = asked.id)`,
      [photoIds],
    );
    return rows.map(({ photoId }) => photoId);
  }

  private query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return translateDatabaseErrors(() => this.database.source.query(sql, parameters) as Promise<Row[]>);
  }
}
