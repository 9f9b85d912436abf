import { Controller, Logger } from '@nestjs/common';
import { AugmentationRepository, errorTypeOf, Inbox, JobAbandonedError, type AugmentationJob, type AugmentationOrder, type AugmentationReport } from '@repo/augmentation-domain';
import { imageAugmentations, modelTraining, type Envelope, type MessageOf } from '@repo/contracts';
import { crashPoint, done, skipped, type ItemId, type Outcome, type PhotoId, type UserId } from '@repo/kernel';
import { afterFailure, Handles, MessageBus, standardRetries } from '@repo/messaging';
import { augmentationJobs, augmentationsCount, processingTime } from './augmentation-metrics.js';
import { PhotoAugmenter } from './photo-augmenter.js';
import { StageTimes } from './stage-times.js';
import { VariantStore } from './variant-store.js';

type Body = MessageOf<typeof imageAugmentations>;

/** Makes the training variants of a photo that was stored. */
@Controller()
export class AugmentPhotoHandler {
  private readonly logger = new Logger('augmentations');

  constructor(
    private readonly inbox: Inbox,
    private readonly jobs: AugmentationRepository,
    private readonly augmenter: PhotoAugmenter,
    private readonly variants: VariantStore,
    private readonly bus: MessageBus,
  ) {}

  // Two photos more than the usual two image processes: while those render, these are fetched and written.
  @Handles(imageAugmentations, { parallel: 4 })
  async augmentPhoto(body: Body, envelope: Envelope<Body>): Promise<Outcome> {
    crashPoint('augment.received');
    const { messageId, attempt } = envelope;
    if (await this.inbox.wasHandled({ messageId, queue: imageAugmentations.queue, body })) {
      return skip('the message was handled before');
    }
    const order = orderOf(body);
    const claim = await this.jobs.claim(order);
    switch (claim.kind) {
      case 'removed':
        return this.cleanUp(order);
      case 'finished':
        // Perhaps by a delivery that died before it could tell: told twice, a training counts it once.
        await this.announce(order, claim, messageId);
        return skip('the photo was augmented before');
      case 'claimed':
        crashPoint('augment.claimed');
        this.logger.log({ msg: `Starting processing itemId=${order.itemId}`, photoId: order.photoId, attempt });
        return this.augment(claim.job, body, envelope);
    }
  }

  private async augment(job: AugmentationJob, { settings }: Body, { messageId, attempt }: Envelope<Body>): Promise<Outcome> {
    const times = new StageTimes();
    try {
      const report = await this.augmenter.augment(job, settings);
      crashPoint('augment.before-commit');
      const outcome = await times.time('database', () => this.jobs.finish(job, report));
      crashPoint('augment.after-commit');
      if (outcome === 'stale') {
        return skip('another delivery of the message took over');
      }
      if (outcome === 'abandoned') {
        throw new JobAbandonedError(job.photoId);
      }
      if (outcome === 'removed') {
        return await this.cleanUp(job);
      }
      const validVariants = report.results.filter(({ state }) => state === 'valid').length;
      await times.time('publish', () => this.announce(job, { jobId: job.jobId, validVariants }, messageId));
      observe(report, times);
      this.logger.log({ msg: 'Item processed successfully', photoId: job.photoId, itemId: job.itemId, variants: validVariants, ms: Math.round(times.elapsedMs) });
      crashPoint('augment.before-acknowledge');
      return done();
    } catch (error) {
      if (await this.jobs.isRemoved(job.photoId).catch(() => false)) {
        return this.cleanUp(job); // no wonder that something was missing
      }
      await this.noteFailure(job, error, attempt);
      throw error;
    }
  }

  private async cleanUp(order: AugmentationOrder): Promise<Outcome> {
    await this.variants.removeAll(order);
    return skip('the photo was deleted');
  }

  // After the rows are written: consumers read them as soon as they hear of it.
  private async announce({ photoId }: AugmentationOrder, { jobId, validVariants }: { jobId: string; validVariants: number }, messageId: string): Promise<void> {
    await this.bus.publish(modelTraining, { batchId: jobId, totalImages: validVariants, fotoId: photoId }, { messageId: jobId });
    crashPoint('augment.announced');
    await this.inbox.markHandled(messageId);
  }

  /** Whoever is to be told hears of it once, when the message lies among the dead letters. */
  private async noteFailure(job: AugmentationJob, error: unknown, attempt: number): Promise<void> {
    const terminal = afterFailure(error, attempt, standardRetries, 0).kind === 'bury';
    augmentationJobs.inc({ outcome: terminal ? 'failed' : 'retried' });
    this.logger.warn({ msg: 'an attempt failed', photoId: job.photoId, itemId: job.itemId, attempt, terminal, err: error });
    const message = error instanceof Error ? error.message : String(error);
    // The first error counts, whatever keeps it from being written down.
    await this.jobs.fail(job, { errorType: errorTypeOf(error), message, terminal }).catch((cause: unknown) => {
      this.logger.warn({ msg: 'a failed attempt could not be written down', photoId: job.photoId, err: cause });
    });
  }
}

function orderOf({ fotoId, itemId, userId, categoria, fotoCaminho, sha256 }: Body): AugmentationOrder {
  return {
    photoId: fotoId as PhotoId,
    itemId: itemId as ItemId,
    ownerId: userId as UserId,
    category: categoria,
    sourceKey: fotoCaminho,
    sourceSha256: sha256,
  };
}

function skip(why: string): Outcome {
  augmentationJobs.inc({ outcome: 'skipped' });
  return skipped(why);
}

function observe({ results, stagesMs }: AugmentationReport, times: StageTimes): void {
  augmentationJobs.inc({ outcome: 'success' });
  for (const { state } of results) {
    augmentationsCount.inc({ state });
  }
  for (const [stage, ms] of Object.entries({ ...stagesMs, ...times.stagesMs, total: times.elapsedMs })) {
    processingTime.observe({ stage }, ms);
  }
}
