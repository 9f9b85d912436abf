import type { PhotoId } from '@repo/kernel';
import type { AugmentationJob, AugmentationOrder } from './augmentation-job.js';
import type { QualityMeasures } from './quality.js';
import type { PlannedVariant } from './variant.js';

export type Claim =
  | { readonly kind: 'claimed'; readonly job: AugmentationJob }
  /** Done before; `validVariants` of it are stored. */
  | { readonly kind: 'finished'; readonly jobId: string; readonly validVariants: number }
  /** The photo was deleted. */
  | { readonly kind: 'removed' };

/** One row of augmentation_results. */
export interface VariantResult {
  readonly plan: PlannedVariant;
  readonly objectKey: string;
  readonly sha256: string;
  readonly etag?: string | undefined;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly state: 'valid' | 'invalid_format' | 'upload_failed';
  readonly errorType?: string | undefined;
}

export interface AugmentationReport {
  readonly badQuality: boolean;
  readonly quality: QualityMeasures;
  readonly results: readonly VariantResult[];
  /** From taking the message up to the last upload. */
  readonly elapsedMs: number;
  /** Of the original, in bytes. */
  readonly fileSize: number;
  readonly stagesMs: Readonly<Record<string, number>>;
}

/** `abandoned` and `stale` as of `maySettle`; `removed`: the photo was deleted. All but `saved` write nothing. */
export type FinishOutcome = 'saved' | 'stale' | 'abandoned' | 'removed';

export interface FailedAttempt {
  readonly errorType: string;
  readonly message: string;
  /** No other attempt follows. */
  readonly terminal: boolean;
}

/** What is left to remove of a deleted photo. */
export interface RemovedPhoto {
  readonly variantKeys: readonly string[];
  /** The photo's category, when a job was ever claimed for it. */
  readonly category?: string | undefined;
}

/** Jobs, their results and the deleted photos. Every method is one short transaction. */
export abstract class AugmentationRepository {
  abstract claim(order: AugmentationOrder): Promise<Claim>;
  abstract finish(job: AugmentationJob, report: AugmentationReport): Promise<FinishOutcome>;
  /** Notes why an attempt failed. Does nothing when the claim does not hold any more. */
  abstract fail(job: AugmentationJob, failure: FailedAttempt): Promise<void>;
  abstract isRemoved(photoId: PhotoId): Promise<boolean>;
  /** From now on the photo counts as deleted: nothing more is written about it. */
  abstract markRemoved(photoId: PhotoId): Promise<RemovedPhoto>;
  /** Deletes every row about the photo but the mark that it was deleted. */
  abstract forget(photoId: PhotoId): Promise<void>;
  /** Those of the keys that no result knows, and no job in work is about to make. */
  abstract unknownKeys(objectKeys: readonly string[]): Promise<string[]>;
  /** Fails the jobs whose lease ended before `before`; answers how many. */
  abstract abandonJobs(before: Date): Promise<number>;
  /** Forgets deletions and messages older than `before`. */
  abstract prune(before: Date): Promise<void>;
}
