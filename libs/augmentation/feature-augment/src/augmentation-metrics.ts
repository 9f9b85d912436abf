import { counter, gauge, histogram } from '@repo/observability';

/** Milliseconds: from a query to a photo that waited for its turn. */
const durationBucketsMs = [2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];
/** Bytes: from a small variant to the largest upload. */
const sizeBuckets = [10e3, 30e3, 100e3, 300e3, 1e6, 3e6, 10e6, 30e6];

export const augmentationJobs = counter('augmentation_jobs_total', 'Deliveries of photos to augment, by what became of them', ['outcome']);
export const augmentationsCount = counter('augmentations_count', 'Variants made, by their state', ['state']);
export const uploadsFailed = counter('uploads_failed_count', 'Uploads of variants that failed, each attempt counted');
export const processingTime = histogram('processing_time_ms', 'Time a photo takes, by stage; `total` is all of it', ['stage'], durationBucketsMs);
export const fileSize = histogram('augmentation_file_size_bytes', 'Size of originals and of variants', ['kind'], sizeBuckets);
export const workerMemory = gauge('augmentation_worker_memory_bytes', 'Resident memory of the image process that last finished a photo');
