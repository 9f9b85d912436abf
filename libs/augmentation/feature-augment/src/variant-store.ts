import { Injectable, Logger } from '@nestjs/common';
import { variantKey, variantPrefix, type PhotoPlace, type RenderedVariant, type VariantResult } from '@repo/augmentation-domain';
import { crashPoint } from '@repo/kernel';
import { ObjectDamagedError, ObjectStore, type StoredObject } from '@repo/storage';
import { fileSize, uploadsFailed } from './augmentation-metrics.js';
import { Slots } from './slots.js';

/** Uploads at once, of all photos together: the connections that a store's pool has. */
const PARALLEL_UPLOADS = 10;
/** The first, and one more when the store kept something else. */
const UPLOAD_ATTEMPTS = 2;

/** The variants of photos in bucket `processed`. */
@Injectable()
export class VariantStore {
  private readonly logger = new Logger('augmentations');
  private readonly slots = new Slots(PARALLEL_UPLOADS);

  constructor(private readonly store: ObjectStore) {}

  /** Stores every sound variant and checks what the store keeps. Throws TemporaryError when the store does not answer, AccessDeniedError when it refuses us. */
  storeAll(place: PhotoPlace, variants: readonly RenderedVariant[]): Promise<VariantResult[]> {
    return Promise.all(variants.map((variant) => this.slots.use(() => this.storeOne(variantKey(place, variant.plan), variant))));
  }

  /** Removes every variant of a photo, known to a row or not. */
  async removeAll(place: PhotoPlace): Promise<void> {
    for await (const { key } of this.store.list('processed', variantPrefix(place))) {
      await this.store.remove('processed', key);
    }
  }

  private async storeOne(objectKey: string, { plan, bytes, sha256, width, height, defect }: RenderedVariant): Promise<VariantResult> {
    const result = { plan, objectKey, sha256, bytes: bytes.length, width, height };
    if (defect) {
      return { ...result, state: 'invalid_format', errorType: defect };
    }
    const stored = await this.upload(objectKey, bytes, sha256);
    if (!stored) {
      return { ...result, state: 'upload_failed', errorType: 'integrity' };
    }
    crashPoint('augment.uploaded');
    fileSize.observe({ kind: 'variant' }, bytes.length);
    return { ...result, state: 'valid', etag: stored.etag };
  }

  /** Undefined when the store kept something else than it was given, twice. */
  private async upload(key: string, bytes: Buffer, sha256: string): Promise<StoredObject | undefined> {
    for (let attempt = 1; attempt <= UPLOAD_ATTEMPTS; attempt++) {
      const stored = await this.put(key, bytes);
      if (stored && isIntact(stored, bytes, sha256)) {
        return stored;
      }
      uploadsFailed.inc();
      this.logger.warn({ msg: 'Integrity check failed', key, attempt, expected: sha256, stored });
      await this.store.remove('processed', key);
    }
    return undefined;
  }

  /** Undefined when the store itself found that it keeps something else. */
  private async put(key: string, bytes: Buffer): Promise<StoredObject | undefined> {
    try {
      return await this.store.put('processed', key, bytes, 'image/jpeg');
    } catch (error) {
      if (error instanceof ObjectDamagedError) {
        return undefined;
      }
      uploadsFailed.inc();
      throw error;
    }
  }
}

/** SHA-256 alone decides: an ETag need not be the MD5, even if it looks like one. */
function isIntact(stored: StoredObject, bytes: Buffer, sha256: string): boolean {
  return stored.bytes === bytes.length && stored.sha256 === sha256;
}
