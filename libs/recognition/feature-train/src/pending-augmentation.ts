import { Injectable } from '@nestjs/common';
import type { PhotoId, TrainingRunId } from '@repo/kernel';
import { AugmentedVariants, PhotoCatalogue } from '@repo/recognition-domain';

/** Who stored a photo and who asked for the training may look at different clocks. */
const CLOCK_SLACK_MS = 2_000;

interface WaitingRun {
  readonly id: TrainingRunId;
  readonly requestedAt: Date;
}

/** How many of the photos stored before a request still have no variants. */
@Injectable()
export class PendingAugmentation {
  private asked: (WaitingRun & { photoIds: PhotoId[] }) | undefined;

  constructor(
    private readonly catalogue: PhotoCatalogue,
    private readonly variants: AugmentedVariants,
  ) {}

  async count(run: WaitingRun): Promise<number> {
    if (this.asked?.id !== run.id || this.asked.requestedAt.getTime() !== run.requestedAt.getTime()) {
      this.asked = { ...run, photoIds: await this.catalogue.photoIdsUntil(new Date(run.requestedAt.getTime() + CLOCK_SLACK_MS)) };
    }
    // A photo that is finished stays so: only the others are asked for again.
    this.asked.photoIds = await this.variants.unfinished(this.asked.photoIds);
    return this.asked.photoIds.length;
  }
}
