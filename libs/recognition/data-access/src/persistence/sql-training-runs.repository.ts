import { inTransaction, isUniqueViolation, LearningDatabase, translateDatabaseErrors } from '@repo/database';
import { newId, type PhotoId, type TrainingRunId, type UserId } from '@repo/kernel';
import {
  isFinished,
  statusesBefore,
  takesItsPhotosAlong,
  TrainingFinishedError,
  TrainingNotFoundError,
  TrainingRuns,
  type ModelVersion,
  type PendingTraining,
  type TrainingClaim,
  type TrainingProgress,
  type TrainingResult,
  type TrainingRun,
  type TrainingStatus,
} from '@repo/recognition-domain';

interface RunRow {
  id: TrainingRunId;
  status: TrainingStatus;
  motivo: string | null;
  requested_by: UserId | null;
  requested_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  reason_code: string | null;
  reason: string | null;
  model_version: ModelVersion | null;
  progress: TrainingProgress | null;
  lease_until: Date | null;
  fence: number;
  attempts: number;
}

/** Longer than any message waits to be sent again by a person. */
const REMEMBERED_MS = 90 * 24 * 3_600_000;

const HELD_BY_CLAIM = `id = $1 AND fence = $2 AND status = 'running'`;

export class SqlTrainingRuns extends TrainingRuns {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  async request({ motive, requestedBy, at }: { motive: string | undefined; requestedBy: UserId | undefined; at: Date }): Promise<TrainingRun> {
    return inTransaction(this.database.source, async (manager) => {
      const run = async (sql: string, parameters: unknown[]) => returned<RunRow>(await manager.query(sql, parameters));
      const [waiting] = await run(
        `UPDATE training_runs SET requested_at = $2, motivo = coalesce($3, motivo)
         WHERE id = (SELECT id FROM training_runs WHERE status = 'queued' AND requested_by IS NOT DISTINCT FROM $1::uuid
                     ORDER BY requested_at LIMIT 1 FOR UPDATE)
         RETURNING *`,
        [requestedBy, at, motive],
      );
      const [added] = waiting
        ? [waiting]
        : await run(
            `INSERT INTO training_runs (id, status, motivo, requested_by, requested_at) VALUES ($1, 'queued', $2, $3, $4) RETURNING *`,
            [newId(), motive, requestedBy, at],
          );
      return toRun(added as RunRow);
    });
  }

  async get(id: TrainingRunId): Promise<TrainingRun> {
    const [row] = await this.query<RunRow>('SELECT * FROM training_runs WHERE id = $1', [id]);
    if (!row) {
      throw new TrainingNotFoundError(id);
    }
    return toRun(row);
  }

  async list(limit: number): Promise<TrainingRun[]> {
    const rows = await this.query<RunRow>('SELECT * FROM training_runs ORDER BY requested_at DESC, id DESC LIMIT $1', [limit]);
    return rows.map(toRun);
  }

  async claim(id: TrainingRunId, now: Date, leaseUntil: Date): Promise<TrainingClaim | undefined> {
    try {
      const [row] = await this.query<RunRow>(
        `UPDATE training_runs
         SET status = 'running', fence = fence + 1, attempts = attempts + 1, started_at = coalesce(started_at, $2), lease_until = $3
         WHERE id = $1 AND status = ANY($4)
         RETURNING *`,
        [id, now, leaseUntil, statusesBefore('running')],
      );
      return row && { run: toRun(row), fence: row.fence, attempt: row.attempts };
    } catch (error) {
      if (isUniqueViolation(error)) {
        return undefined; // another one runs
      }
      throw error;
    }
  }

  async heartbeat({ run, fence }: TrainingClaim, leaseUntil: Date, progress: TrainingProgress): Promise<'held' | 'cancelled' | 'lost'> {
    const held = await this.query(`UPDATE training_runs SET lease_until = $3, progress = $4 WHERE ${HELD_BY_CLAIM} RETURNING id`, [
      run.id,
      fence,
      leaseUntil,
      JSON.stringify(progress),
    ]);
    if (held.length > 0) {
      return 'held';
    }
    const [row] = await this.query<RunRow>('SELECT status, fence FROM training_runs WHERE id = $1', [run.id]);
    return row?.status === 'cancelled' && row.fence === fence ? 'cancelled' : 'lost';
  }

  async noteVersion({ run, fence }: TrainingClaim, version: ModelVersion): Promise<boolean> {
    const rows = await this.query(`UPDATE training_runs SET model_version = $3 WHERE ${HELD_BY_CLAIM} RETURNING id`, [run.id, fence, version]);
    return rows.length > 0;
  }

  async finish({ run, fence }: TrainingClaim, result: TrainingResult, progress: TrainingProgress, at: Date): Promise<boolean> {
    const rows = await this.query(
      `UPDATE training_runs
       SET status = $3, reason_code = $4, reason = $5, progress = $6, finished_at = $7, photos = $8, lease_until = NULL
       WHERE ${HELD_BY_CLAIM} RETURNING id`,
      [
        run.id,
        fence,
        result.status,
        'reasonCode' in result ? result.reasonCode : null,
        result.reason,
        JSON.stringify(progress),
        at,
        progress.photos ?? null,
      ],
    );
    return rows.length > 0;
  }

  async release({ run, fence }: TrainingClaim, why: 'interrupted' | 'failed'): Promise<void> {
    const uncounted = why === 'interrupted' ? 1 : 0;
    await this.query(`UPDATE training_runs SET status = 'queued', attempts = attempts - $3, lease_until = NULL WHERE ${HELD_BY_CLAIM}`, [run.id, fence, uncounted]);
  }

  async requeueLost(id: TrainingRunId, now: Date): Promise<void> {
    await this.query(
      `UPDATE training_runs SET status = 'queued', lease_until = NULL WHERE id = $1 AND status = 'running' AND lease_until < $2`,
      [id, now],
    );
  }

  async noteWaiting(id: TrainingRunId, progress: TrainingProgress): Promise<void> {
    await this.query(`UPDATE training_runs SET progress = $2 WHERE id = $1 AND status = 'queued'`, [id, JSON.stringify(progress)]);
  }

  async cancel(id: TrainingRunId, reason: string, at: Date): Promise<TrainingRun> {
    const [row] = await this.query<RunRow>(
      `UPDATE training_runs SET status = 'cancelled', reason = $2, finished_at = $3, lease_until = NULL
       WHERE id = $1 AND status = ANY($4) AND model_version IS NULL RETURNING *`,
      [id, reason, at, statusesBefore('cancelled')],
    );
    if (row) {
      const run = toRun(row);
      if (takesItsPhotosAlong(run)) {
        await this.clearNewPhotos(at);
      }
      return run;
    }
    const run = await this.get(id);
    if (isFinished(run.status) || run.modelVersion) {
      throw new TrainingFinishedError(run);
    }
    return this.cancel(id, reason, at); // it changed hands between the two statements
  }

  async scheduleState(): Promise<PendingTraining> {
    const [photos, open] = await Promise.all([
      this.query<{ count: number; oldest: Date | null; newest: Date | null }>(
        'SELECT count(*)::integer AS count, min(arrived_at) AS oldest, max(arrived_at) AS newest FROM training_new_photos WHERE trained_at IS NULL',
      ),
      this.query<RunRow>(`SELECT * FROM training_runs WHERE status IN ('queued', 'running') ORDER BY requested_at, id`),
    ]);
    const running = open.find(({ status }) => status === 'running');
    const queued = open.find(({ status }) => status === 'queued');
    return {
      running: running?.lease_until ? { id: running.id, leaseUntil: running.lease_until } : undefined,
      queued: queued && { id: queued.id, requestedAt: queued.requested_at },
      newPhotos: photos[0]?.count ?? 0,
      oldestNewPhotoAt: photos[0]?.oldest ?? undefined,
      newestNewPhotoAt: photos[0]?.newest ?? undefined,
    };
  }

  async countNewPhoto(photoId: PhotoId, at: Date): Promise<void> {
    await this.query('INSERT INTO training_new_photos (photo_id, arrived_at) VALUES ($1, $2) ON CONFLICT (photo_id) DO NOTHING', [photoId, at]);
  }

  async clearNewPhotos(until: Date): Promise<void> {
    await this.query('UPDATE training_new_photos SET trained_at = $1 WHERE arrived_at <= $1 AND trained_at IS NULL', [until]);
    await this.query('DELETE FROM training_new_photos WHERE trained_at < $1', [new Date(until.getTime() - REMEMBERED_MS)]);
  }

  private query<Row = unknown>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return translateDatabaseErrors(async () => returned<Row>(await this.database.source.query(sql, parameters)));
  }
}

/** TypeORM answers an UPDATE with its rows and their number, a SELECT or INSERT with its rows. */
function returned<Row>(answer: unknown): Row[] {
  return Array.isArray(answer) && answer.length === 2 && Array.isArray(answer[0]) && typeof answer[1] === 'number'
    ? (answer[0] as Row[])
    : (answer as Row[]);
}

function toRun(row: RunRow): TrainingRun {
  return {
    id: row.id,
    status: row.status,
    motive: row.motivo ?? undefined,
    requestedBy: row.requested_by ?? undefined,
    requestedAt: row.requested_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    reasonCode: row.reason_code ?? undefined,
    reason: row.reason ?? undefined,
    modelVersion: row.model_version ?? undefined,
    progress: row.progress ?? undefined,
  };
}
