import type { ItemId, PhotoId, UserId } from '@repo/kernel';

/** `failed` is terminal until the message is sent again. */
export type JobStatus = 'processing' | 'success' | 'failed';

/** What a message asks for. */
export interface AugmentationOrder {
  readonly photoId: PhotoId;
  readonly itemId: ItemId;
  readonly ownerId: UserId;
  readonly category: string;
  /** Key of the photo in bucket `original`. */
  readonly sourceKey: string;
  /** Of the photo, lower-case hex. */
  readonly sourceSha256: string;
}

/** The work on one photo; a photo has one job, however often its message comes. */
export interface AugmentationJob extends AugmentationOrder {
  readonly jobId: string;
  readonly status: JobStatus;
  /** Deliveries that were started. */
  readonly attempts: number;
  /** Raised by every claim: only the holder of the latest may finish. */
  readonly fence: number;
  /** Until when the claim is believed to be alive. */
  readonly leaseUntil: Date;
}

/** Twice what a handler may take. */
export const LEASE_MS = 120_000;

/**
 * The job after a delivery was taken up, or undefined when that photo is done already.
 * A new delivery wins over one that still runs: the broker sends again what it believes lost,
 * and waiting for the lease would hold up every photo that a killed process left behind.
 */
export function claimJob(
  existing: AugmentationJob | undefined,
  order: AugmentationOrder,
  { now, newJobId }: { now: Date; newJobId: string },
): AugmentationJob | undefined {
  if (existing?.status === 'success' && existing.sourceSha256 === order.sourceSha256) {
    return undefined;
  }
  return {
    ...order,
    jobId: existing?.jobId ?? newJobId,
    status: 'processing',
    attempts: (existing?.attempts ?? 0) + 1,
    fence: (existing?.fence ?? 0) + 1,
    leaseUntil: new Date(now.getTime() + LEASE_MS),
  };
}

/**
 * Whether the holder of `fence` may still write the outcome. `stale`: another delivery claimed the job after it,
 * or ended it. `abandoned`: nobody did, but the job was given up, and what was stored for it may be gone.
 */
export function maySettle(existing: AugmentationJob | undefined, fence: number): 'yes' | 'stale' | 'abandoned' {
  if (existing?.fence !== fence || existing.status === 'success') {
    return 'stale';
  }
  return existing.status === 'processing' ? 'yes' : 'abandoned';
}

/** Whether nobody finishes the job any more: it is in work, and its claim ended before `before`. */
export function isAbandoned({ status, leaseUntil }: AugmentationJob, before: Date): boolean {
  return status === 'processing' && leaseUntil < before;
}
