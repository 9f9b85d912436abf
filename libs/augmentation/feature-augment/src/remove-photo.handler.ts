import { Injectable, Logger } from '@nestjs/common';
import { AugmentationRepository } from '@repo/augmentation-domain';
import { photoRemovals, type MessageOf } from '@repo/contracts';
import { done, type ItemId, type Outcome, type PhotoId } from '@repo/kernel';
import { Handles } from '@repo/messaging';
import { ObjectStore } from '@repo/storage';
import { VariantStore } from './variant-store.js';

/** Removes what is left of a deleted photo: original, variants and rows. */
@Injectable()
export class RemovePhotoHandler {
  private readonly logger = new Logger('augmentations');

  constructor(
    private readonly jobs: AugmentationRepository,
    private readonly store: ObjectStore,
    private readonly variants: VariantStore,
  ) {}

  @Handles(photoRemovals, { parallel: 4 })
  async removePhoto({ fotoId, itemId, fotoCaminho }: MessageOf<typeof photoRemovals>): Promise<Outcome> {
    const photoId = fotoId as PhotoId;
    // First the mark, so that an augmentation that runs now writes nothing more and cleans up after itself.
    const { variantKeys, category } = await this.jobs.markRemoved(photoId);
    await this.store.remove('original', fotoCaminho);
    for (const key of variantKeys) {
      await this.store.remove('processed', key);
    }
    if (category !== undefined) {
      await this.variants.removeAll({ category, itemId: itemId as ItemId, photoId });
    }
    // Last the rows: until then a second attempt finds in them what there is to remove.
    await this.jobs.forget(photoId);
    this.logger.log({ msg: 'photo removed', photoId, itemId, variants: variantKeys.length });
    return done();
  }
}
