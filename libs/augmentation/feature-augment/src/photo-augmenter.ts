import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import {
  NoValidVariantError,
  NothingStoredError,
  PhotoAlteredError,
  PhotoRenderer,
  SourceMissingError,
  type AugmentationJob,
  type AugmentationReport,
  type VariantSettings,
} from '@repo/augmentation-domain';
import { crashPoint } from '@repo/kernel';
import { ObjectStore } from '@repo/storage';
import { fileSize, workerMemory } from './augmentation-metrics.js';
import { StageTimes } from './stage-times.js';
import { VariantStore } from './variant-store.js';

/** The work itself: from the stored photo to its stored variants. */
@Injectable()
export class PhotoAugmenter {
  private readonly logger = new Logger('augmentations');

  constructor(
    private readonly store: ObjectStore,
    private readonly renderer: PhotoRenderer,
    private readonly variants: VariantStore,
  ) {}

  /**
   * Throws SourceMissingError, PhotoUnreadableError and NoValidVariantError, where trying again can't help;
   * and TemporaryError when the store or the image process fails, or the bytes are not those of the upload.
   */
  async augment(job: AugmentationJob, settings: VariantSettings | undefined): Promise<AugmentationReport> {
    const { photoId, itemId, category, sourceSha256: sha256 } = job;
    const times = new StageTimes();
    const photo = await times.time('download', () => this.download(job));
    crashPoint('augment.downloaded');
    fileSize.observe({ kind: 'original' }, photo.length);
    this.logger.debug(`Downloaded ${(photo.length / 1e6).toFixed(1)}MB in ${Math.round(times.elapsedMs)}ms`);

    const { quality, badQuality, variants, stagesMs, workerMemoryBytes } = await this.renderer.render(photo, { photoId, sha256, category, settings });
    workerMemory.set(workerMemoryBytes);
    for (const { plan, failure } of variants.filter((variant) => variant.failure !== undefined)) {
      this.logger.warn({ msg: 'a transformation failed', photoId, transform: plan.transform, params: plan.params, failure });
    }
    const defects = variants.flatMap(({ defect }) => defect ?? []);
    if (defects.length === variants.length) {
      throw new NoValidVariantError(photoId, defects);
    }
    this.logger.log({ msg: `Generated ${variants.length} variations`, photoId, itemId, badQuality, invalid: defects.length });

    const results = await times.time('upload', () => this.variants.storeAll({ category, itemId, photoId }, variants));
    if (!results.some(({ state }) => state === 'valid')) {
      throw new NothingStoredError(photoId);
    }
    return { badQuality, quality, results, elapsedMs: times.elapsedMs, fileSize: photo.length, stagesMs: { ...times.stagesMs, ...stagesMs } };
  }

  private async download({ photoId, sourceKey, sourceSha256 }: AugmentationJob): Promise<Buffer> {
    const photo = await this.store.get('original', sourceKey);
    if (!photo) {
      throw new SourceMissingError(photoId, sourceKey);
    }
    const sha256 = createHash('sha256').update(photo).digest('hex');
    if (sha256 !== sourceSha256) {
      throw new PhotoAlteredError(photoId, sourceSha256, sha256);
    }
    return photo;
  }
}
