import { newId, type PhotoId } from '@repo/kernel';
import { claimJob, isAbandoned, maySettle, type AugmentationJob, type AugmentationOrder } from '../augmentation-job.js';
import { AugmentationRepository, type AugmentationReport, type Claim, type FailedAttempt, type FinishOutcome, type RemovedPhoto } from '../augmentation.repository.js';
import { photoOfVariant } from '../variant.js';

/** Jobs in maps, by the same rules as the real ones. */
export class InMemoryAugmentations extends AugmentationRepository {
  readonly jobs = new Map<PhotoId, AugmentationJob>();
  readonly reports = new Map<PhotoId, AugmentationReport>();
  readonly removed = new Map<PhotoId, Date>();
  /** Everything that was noted of attempts, in order. */
  readonly failures: FailedAttempt[] = [];

  override async claim(order: AugmentationOrder): Promise<Claim> {
    if (this.removed.has(order.photoId)) {
      return { kind: 'removed' };
    }
    const existing = this.jobs.get(order.photoId);
    const job = claimJob(existing, order, { now: new Date(), newJobId: newId() });
    if (!job) {
      const results = this.reports.get(order.photoId)?.results ?? [];
      return { kind: 'finished', jobId: existing!.jobId, validVariants: results.filter(({ state }) => state === 'valid').length };
    }
    this.jobs.set(order.photoId, job);
    return { kind: 'claimed', job };
  }

  override async finish(job: AugmentationJob, report: AugmentationReport): Promise<FinishOutcome> {
    if (this.removed.has(job.photoId)) {
      return 'removed';
    }
    const settled = maySettle(this.jobs.get(job.photoId), job.fence);
    if (settled !== 'yes') {
      return settled;
    }
    this.jobs.set(job.photoId, { ...job, status: 'success' });
    this.reports.set(job.photoId, report);
    return 'saved';
  }

  override async fail(job: AugmentationJob, failure: FailedAttempt): Promise<void> {
    if (maySettle(this.jobs.get(job.photoId), job.fence) === 'yes') {
      this.failures.push(failure);
      this.jobs.set(job.photoId, { ...job, status: failure.terminal ? 'failed' : 'processing' });
    }
  }

  override async isRemoved(photoId: PhotoId): Promise<boolean> {
    return this.removed.has(photoId);
  }

  override async markRemoved(photoId: PhotoId): Promise<RemovedPhoto> {
    this.removed.set(photoId, this.removed.get(photoId) ?? new Date());
    return { variantKeys: this.keysOf(photoId), category: this.jobs.get(photoId)?.category };
  }

  override async forget(photoId: PhotoId): Promise<void> {
    this.jobs.delete(photoId);
    this.reports.delete(photoId);
  }

  override async unknownKeys(objectKeys: readonly string[]): Promise<string[]> {
    const known = new Set([...this.reports.keys()].flatMap((photoId) => this.keysOf(photoId)));
    const isInWork = (key: string) => [...this.jobs.values()].some(({ photoId, status }) => status === 'processing' && photoId === photoOfVariant(key));
    return objectKeys.filter((key) => !known.has(key) && !isInWork(key));
  }

  override async abandonJobs(before: Date): Promise<number> {
    const abandoned = [...this.jobs.values()].filter((job) => isAbandoned(job, before));
    abandoned.forEach((job) => this.jobs.set(job.photoId, { ...job, status: 'failed' }));
    return abandoned.length;
  }

  override async prune(before: Date): Promise<void> {
    [...this.removed].filter(([, removedAt]) => removedAt < before).forEach(([photoId]) => this.removed.delete(photoId));
  }

  keysOf(photoId: PhotoId): string[] {
    return this.reports.get(photoId)?.results.map(({ objectKey }) => objectKey) ?? [];
  }
}
