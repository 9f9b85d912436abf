import { newId, type PhotoId, type TrainingRunId, type UserId } from '@repo/kernel';
import type { ModelVersion } from '../model-version.js';
import { canBecome, isHeld, mayBeCancelled, takesItsPhotosAlong, TrainingFinishedError, TrainingNotFoundError, type TrainingProgress, type TrainingRun } from '../training-run.js';
import { TrainingRuns, type PendingTraining, type TrainingClaim, type TrainingResult } from '../training-runs.repository.js';

interface Row extends TrainingRun {
  readonly fence: number;
  readonly attempts: number;
  readonly leaseUntil: Date | undefined;
}

/** Trainings in maps, by the same rules as the real ones. */
export class InMemoryTrainingRuns extends TrainingRuns {
  readonly rows = new Map<TrainingRunId, Row>();
  /** When each photo was counted, and whether a training has it. */
  readonly photos = new Map<PhotoId, { readonly at: Date; isTrained: boolean }>();
  /** Everything that heartbeats wrote. */
  readonly heartbeats: TrainingProgress[] = [];

  override async request({ motive, requestedBy, at }: { motive: string | undefined; requestedBy: UserId | undefined; at: Date }): Promise<TrainingRun> {
    const waiting = this.sorted().find((row) => row.status === 'queued' && row.requestedBy === requestedBy);
    if (waiting) {
      return this.change(waiting.id, { requestedAt: at, motive: motive ?? waiting.motive });
    }
    const id = newId<TrainingRunId>();
    const untouched = { startedAt: undefined, finishedAt: undefined, reasonCode: undefined, reason: undefined, modelVersion: undefined, progress: undefined };
    this.rows.set(id, { id, status: 'queued', motive, requestedBy, requestedAt: at, ...untouched, fence: 0, attempts: 0, leaseUntil: undefined });
    return this.get(id);
  }

  override async get(id: TrainingRunId): Promise<TrainingRun> {
    const row = this.rows.get(id);
    if (!row) {
      throw new TrainingNotFoundError(id);
    }
    return row;
  }

  override async list(limit: number): Promise<TrainingRun[]> {
    return this.sorted().reverse().slice(0, limit);
  }

  override async claim(id: TrainingRunId, now: Date, leaseUntil: Date): Promise<TrainingClaim | undefined> {
    const row = this.rows.get(id);
    if (!row || !canBecome(row.status, 'running') || [...this.rows.values()].some(({ status }) => status === 'running')) {
      return undefined;
    }
    const run = this.change(id, { status: 'running', startedAt: row.startedAt ?? now, leaseUntil, fence: row.fence + 1, attempts: row.attempts + 1 });
    return { run, fence: run.fence, attempt: run.attempts };
  }

  override async heartbeat(claim: TrainingClaim, leaseUntil: Date, progress: TrainingProgress): Promise<'held' | 'cancelled' | 'lost'> {
    if (this.changeIfHeld(claim, { leaseUntil, progress })) {
      this.heartbeats.push(progress);
      return 'held';
    }
    const row = this.rows.get(claim.run.id);
    return row?.status === 'cancelled' && row.fence === claim.fence ? 'cancelled' : 'lost';
  }

  override async noteVersion(claim: TrainingClaim, modelVersion: ModelVersion): Promise<boolean> {
    return this.changeIfHeld(claim, { modelVersion });
  }

  override async finish(claim: TrainingClaim, result: TrainingResult, progress: TrainingProgress, at: Date): Promise<boolean> {
    return this.changeIfHeld(claim, { ...result, progress, finishedAt: at, leaseUntil: undefined });
  }

  override async release(claim: TrainingClaim, why: 'interrupted' | 'failed'): Promise<void> {
    this.changeIfHeld(claim, { status: 'queued', attempts: claim.attempt - (why === 'interrupted' ? 1 : 0), leaseUntil: undefined });
  }

  override async requeueLost(id: TrainingRunId, now: Date): Promise<void> {
    const row = this.rows.get(id);
    if (row?.status === 'running' && row.leaseUntil && row.leaseUntil < now) {
      this.change(id, { status: 'queued', leaseUntil: undefined });
    }
  }

  override async noteWaiting(id: TrainingRunId, progress: TrainingProgress): Promise<void> {
    if (this.rows.get(id)?.status === 'queued') {
      this.change(id, { progress });
    }
  }

  override async cancel(id: TrainingRunId, reason: string, at: Date): Promise<TrainingRun> {
    const run = await this.get(id);
    if (!mayBeCancelled(run)) {
      throw new TrainingFinishedError(run);
    }
    if (takesItsPhotosAlong(run)) {
      await this.clearNewPhotos(at);
    }
    return this.change(id, { status: 'cancelled', reason, finishedAt: at, leaseUntil: undefined });
  }

  override async scheduleState(): Promise<PendingTraining> {
    const rows = this.sorted();
    const running = rows.find(({ status }) => status === 'running');
    const queued = rows.find(({ status }) => status === 'queued');
    const arrivals = [...this.photos.values()].filter(({ isTrained }) => !isTrained).map(({ at }) => at).sort((a, b) => a.getTime() - b.getTime());
    return {
      running: running && { id: running.id, leaseUntil: running.leaseUntil! },
      queued: queued && { id: queued.id, requestedAt: queued.requestedAt },
      newPhotos: arrivals.length,
      oldestNewPhotoAt: arrivals[0],
      newestNewPhotoAt: arrivals.at(-1),
    };
  }

  override async countNewPhoto(photoId: PhotoId, at: Date): Promise<void> {
    this.photos.set(photoId, this.photos.get(photoId) ?? { at, isTrained: false });
  }

  override async clearNewPhotos(until: Date): Promise<void> {
    [...this.photos.values()].filter(({ at }) => at <= until).forEach((photo) => (photo.isTrained = true));
  }

  private sorted(): Row[] {
    return [...this.rows.values()].sort((a, b) => a.requestedAt.getTime() - b.requestedAt.getTime());
  }

  private changeIfHeld({ run, fence }: TrainingClaim, change: Partial<Row>): boolean {
    const row = this.rows.get(run.id);
    const held = row !== undefined && isHeld(row, fence);
    if (held) {
      this.change(run.id, change);
    }
    return held;
  }

  private change(id: TrainingRunId, change: Partial<Row>): Row {
    const row = { ...this.rows.get(id)!, ...change };
    this.rows.set(id, row);
    return row;
  }
}
