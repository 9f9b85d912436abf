import { Controller, Logger } from '@nestjs/common';
import { AugmentationRepository, Inbox } from '@repo/augmentation-domain';
import { photoRemovals, type Envelope, type MessageOf } from '@repo/contracts';
import { crashPoint, done, skipped, type ItemId, type Outcome, type PhotoId } from '@repo/kernel';
import { Handles } from '@repo/messaging';
import { ObjectStore } from '@repo/storage';
import { VariantStore } from './variant-store.js';

type Body = MessageOf<typeof photoRemovals>;

/** Removes what is left of a deleted photo: original, variants and rows. */
@Controller()
export class RemovePhotoHandler {
  private readonly logger = new Logger('augmentations');

  constructor(
    private readonly inbox: Inbox,
    private readonly jobs: AugmentationRepository,
    private readonly store: ObjectStore,
    private readonly variants: VariantStore,
  ) {}

  @Handles(photoRemovals, { parallel: 4 })
  async removePhoto(body: Body, { messageId }: Envelope<Body>): Promise<Outcome> {
    if (await this.inbox.wasHandled({ messageId, queue: photoRemovals.queue, body })) {
      return skipped('the message was handled before');
    }
    const { fotoId, itemId, fotoCaminho } = body;
    const photoId = fotoId as PhotoId;
    // First the mark, so that an augmentation that runs now writes nothing more and cleans up after itself.
    const { variantKeys, category } = await this.jobs.markRemoved(photoId);
    crashPoint('remove.marked');
    await this.store.remove('original', fotoCaminho);
    for (const key of variantKeys) {
      await this.store.remove('processed', key);
    }
    if (category !== undefined) {
      await this.variants.removeAll({ category, itemId: itemId as ItemId, photoId });
    }
    crashPoint('remove.objects-gone');
    // Last the rows: until then a second attempt finds in them what there is to remove.
    await this.jobs.forget(photoId);
    crashPoint('remove.rows-gone');
    await this.inbox.markHandled(messageId);
    this.logger.log({ msg: 'photo removed', photoId, itemId, variants: variantKeys.length });
    return done();
  }
}
