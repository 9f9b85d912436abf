import {
  AugmentationRepository,
  claimJob,
  maySettle,
  type AugmentationJob,
  type AugmentationOrder,
  type AugmentationReport,
  type Claim,
  type FailedAttempt,
  type FinishOutcome,
  type JobStatus,
  type RemovedPhoto,
} from '@repo/augmentation-domain';
import { inTransaction, isUniqueViolation, LearningDatabase, translateDatabaseErrors } from '@repo/database';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import type { EntityManager } from 'typeorm';

interface JobRow {
  job_id: string;
  photo_id: PhotoId;
  item_id: ItemId;
  owner_id: UserId;
  categoria: string;
  source_key: string;
  source_sha256: string;
  status: JobStatus;
  attempts: number;
  fence: number;
  lease_until: Date;
}

export class SqlAugmentationRepository extends AugmentationRepository {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  override claim(order: AugmentationOrder): Promise<Claim> {
    const claim = async (manager: EntityManager): Promise<Claim> => {
      const existing = await lockJob(manager, order.photoId);
      if (await isMarkedRemoved(manager, order.photoId)) {
        return { kind: 'removed' };
      }
      const job = claimJob(existing, order, { now: new Date(), newJobId: newId() });
      if (!job) {
        return { kind: 'finished', jobId: existing!.jobId, validVariants: await countValid(manager, existing!.jobId) };
      }
      await (existing ? updateClaim(manager, job) : insertClaim(manager, job));
      return { kind: 'claimed', job };
    };
    // Two first deliveries at once: the loser finds the winner's row when it looks again.
    return inTransaction(this.database.source, claim, { retry: isUniqueViolation });
  }

  override finish(job: AugmentationJob, report: AugmentationReport): Promise<FinishOutcome> {
    return inTransaction(this.database.source, async (manager) => {
      // The lock makes a deletion that comes now wait, and then find what is written here.
      const existing = await lockJob(manager, job.photoId);
      if (await isMarkedRemoved(manager, job.photoId)) {
        return 'removed';
      }
      const settled = maySettle(existing, job.fence);
      if (settled !== 'yes') {
        return settled;
      }
      await insertResults(manager, job, report);
      await manager.query('INSERT INTO augmentation_metrics (job_id, photo_id, tempo, file_size, stages) VALUES ($1, $2, $3, $4, $5)', [
        job.jobId,
        job.photoId,
        Math.round(report.elapsedMs),
        report.fileSize,
        JSON.stringify(report.stagesMs),
      ]);
      const { sharpness, brightness, contrast } = report.quality;
      await manager.query(
        `UPDATE augmentation_jobs SET status = 'success', bad_quality = $2, sharpness = $3, brightness = $4, contrast = $5,
           error_type = NULL, error_message = NULL, finished_at = now()
         WHERE job_id = $1`,
        [job.jobId, report.badQuality, sharpness, brightness, contrast],
      );
      return 'saved';
    });
  }

  override async fail(job: AugmentationJob, { errorType, message, terminal }: FailedAttempt): Promise<void> {
    await this.query(
      `UPDATE augmentation_jobs SET error_type = $3, error_message = $4,
         status = CASE WHEN $5 THEN 'failed' ELSE status END, finished_at = CASE WHEN $5 THEN now() END
       WHERE job_id = $1 AND fence = $2 AND status = 'processing'`,
      [job.jobId, job.fence, errorType, message.slice(0, 2_000), terminal],
    );
  }

  override isRemoved(photoId: PhotoId): Promise<boolean> {
    return translateDatabaseErrors(() => isMarkedRemoved(this.database.source.manager, photoId));
  }

  override markRemoved(photoId: PhotoId): Promise<RemovedPhoto> {
    return inTransaction(this.database.source, async (manager) => {
      await manager.query('INSERT INTO removed_photos (photo_id) VALUES ($1) ON CONFLICT DO NOTHING', [photoId]);
      const job = await lockJob(manager, photoId);
      const rows = (await manager.query('SELECT object_key FROM augmentation_results WHERE photo_id = $1', [photoId])) as { object_key: string }[];
      return { variantKeys: rows.map(({ object_key }) => object_key), category: job?.category };
    });
  }

  override async forget(photoId: PhotoId): Promise<void> {
    // Results and metrics go with their job.
    await this.query('DELETE FROM augmentation_jobs WHERE photo_id = $1', [photoId]);
  }

  override async unknownKeys(objectKeys: readonly string[]): Promise<string[]> {
    const rows = await this.query<{ key: string }>(
      `SELECT asked.key FROM unnest($1::text[]) AS asked(key)
       WHERE NOT EXISTS (SELECT 1 FROM augmentation_results r WHERE r.object_key = asked.key)
         AND NOT EXISTS (SELECT 1 FROM augmentation_jobs j WHERE j.status = 'processing' AND j.photo_id::text = split_part(asked.key, '/', 4))`,
      [objectKeys],
    );
    return rows.map(({ key }) => key);
  }

  override async abandonJobs(before: Date): Promise<number> {
    const [abandoned] = await this.query<{ count: number }>(
      `WITH abandoned AS (
         UPDATE augmentation_jobs SET status = 'failed', error_type = 'abandoned', error_message = 'nobody finished it', finished_at = now()
         WHERE status = 'processing' AND lease_until < $1 RETURNING 1
       ) SELECT count(*)::int AS count FROM abandoned`,
      [before],
    );
    return abandoned!.count;
  }

  override async prune(before: Date): Promise<void> {
    await this.query('DELETE FROM removed_photos WHERE removed_at < $1', [before]);
    await this.query('DELETE FROM inbox WHERE received_at < $1', [before]);
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return translateDatabaseErrors(() => this.database.source.query(sql, parameters) as Promise<Row[]>);
  }
}

async function lockJob(manager: EntityManager, photoId: PhotoId): Promise<AugmentationJob | undefined> {
  const [row] = (await manager.query('SELECT * FROM augmentation_jobs WHERE photo_id = $1 FOR UPDATE', [photoId])) as JobRow[];
  return row && toJob(row);
}

async function isMarkedRemoved(manager: EntityManager, photoId: PhotoId): Promise<boolean> {
  const rows = (await manager.query('SELECT 1 FROM removed_photos WHERE photo_id = $1', [photoId])) as unknown[];
  return rows.length > 0;
}

async function countValid(manager: EntityManager, jobId: string): Promise<number> {
  const [row] = (await manager.query(`SELECT count(*)::int AS count FROM augmentation_results WHERE job_id = $1 AND state = 'valid'`, [jobId])) as { count: number }[];
  return row!.count;
}

async function insertClaim(manager: EntityManager, job: AugmentationJob): Promise<void> {
  await manager.query(
    `INSERT INTO augmentation_jobs (job_id, photo_id, item_id, owner_id, categoria, source_key, source_sha256, status, attempts, fence, lease_until)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [job.jobId, job.photoId, job.itemId, job.ownerId, job.category, job.sourceKey, job.sourceSha256, job.status, job.attempts, job.fence, job.leaseUntil],
  );
}

async function updateClaim(manager: EntityManager, job: AugmentationJob): Promise<void> {
  await manager.query(
    `UPDATE augmentation_jobs SET item_id = $2, owner_id = $3, categoria = $4, source_key = $5, source_sha256 = $6,
       status = $7, attempts = $8, fence = $9, lease_until = $10, finished_at = NULL
     WHERE job_id = $1`,
    [job.jobId, job.itemId, job.ownerId, job.category, job.sourceKey, job.sourceSha256, job.status, job.attempts, job.fence, job.leaseUntil],
  );
}

/** All rows in one statement; those of an earlier run over other bytes go. */
async function insertResults(manager: EntityManager, { jobId, photoId }: AugmentationJob, { results }: AugmentationReport): Promise<void> {
  await manager.query('DELETE FROM augmentation_results WHERE job_id = $1', [jobId]);
  const rows = results.map(({ plan, objectKey, sha256, etag, bytes, width, height, state, errorType }) => ({
    transform: plan.transform,
    params_hash: plan.paramsHash,
    params: plan.params,
    object_key: objectKey,
    ...{ sha256, etag, bytes, width, height, state },
    error_type: errorType,
  }));
  await manager.query(
    `INSERT INTO augmentation_results (job_id, photo_id, transform, params_hash, params, object_key, sha256, etag, bytes, width, height, state, error_type)
     SELECT $1, $2, transform, params_hash, params, object_key, sha256, etag, bytes, width, height, state, error_type
     FROM jsonb_to_recordset($3::jsonb) AS row(transform text, params_hash text, params jsonb, object_key text, sha256 text, etag text,
       bytes integer, width integer, height integer, state text, error_type text)`,
    [jobId, photoId, JSON.stringify(rows)],
  );
}

function toJob(row: JobRow): AugmentationJob {
  return {
    jobId: row.job_id,
    photoId: row.photo_id,
    itemId: row.item_id,
    ownerId: row.owner_id,
    category: row.categoria,
    sourceKey: row.source_key,
    sourceSha256: row.source_sha256,
    status: row.status,
    attempts: row.attempts,
    fence: row.fence,
    leaseUntil: row.lease_until,
  };
}
