import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { crashPoint, TemporaryError } from '@repo/kernel';
import {
  leastItems,
  leastPhotos,
  ModelAnnouncer,
  ModelTrainer,
  ServedVersion,
  TrainingRuns,
  type LeftOutCategory,
  type ModelVersion,
  type TrainingClaim,
  type TrainingResult,
} from '@repo/recognition-domain';
import { ModelPublisher } from './model-publisher.js';
import { TrainingStopped, type TrainingHeartbeat } from './training-heartbeat.js';
import { TrainingMaterialService } from './training-material.service.js';
import { TrainingSettings } from './training-settings.js';

/** The backend may just be starting again: waits between the tries to announce a version. */
const ANNOUNCE_WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000];
/** The classifier looks for new versions every second and loads them in one more. */
const SERVED_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 200;

/** One training from photos to an announced version. */
@Injectable()
export class CollectionTrainingService {
  constructor(
    private readonly runs: TrainingRuns,
    private readonly material: TrainingMaterialService,
    private readonly trainer: ModelTrainer,
    private readonly publisher: ModelPublisher,
    private readonly announcer: ModelAnnouncer,
    private readonly served: ServedVersion,
    private readonly settings: TrainingSettings,
  ) {}

  /** Throws TrainingStopped, TemporaryError when trying again may help, anything else when it can't. */
  async train(claim: TrainingClaim, heartbeat: TrainingHeartbeat): Promise<TrainingResult> {
    // Stored by a worker that died before it could announce it.
    if (claim.run.modelVersion) {
      return this.announce(claim.run.modelVersion, heartbeat);
    }
    const material = await this.material.gather(heartbeat);

    heartbeat.begin('training');
    const report = await this.trainer.train(material.photos, this.settings.parameters, {
      onEpoch: (epoch) => heartbeat.addEpoch(epoch),
      signal: heartbeat.signal,
    });
    if (report.outcome === 'refused') {
      return { status: 'refused', reasonCode: report.refusal.code, reason: report.refusal.message };
    }

    heartbeat.advance(1, { leftOut: report.lineage.leftOut });
    const version = await this.publisher.publish(claim.run.id, report, material, heartbeat);
    crashPoint('train.version-stored');
    if (!(await this.runs.noteVersion(claim, version))) {
      throw new TrainingStopped('lost');
    }
    crashPoint('train.version-noted');
    return this.announce(version, heartbeat);
  }

  private async announce(version: ModelVersion, heartbeat: TrainingHeartbeat): Promise<TrainingResult> {
    heartbeat.begin('announcing');
    const { state, reason } = await this.announcePatiently(version, heartbeat.signal);
    crashPoint('train.announced');
    const { leftOut = [] } = heartbeat.progress;
    switch (state) {
      case 'active':
        await this.waitUntilServed(version, heartbeat.signal);
        heartbeat.advance(1);
        return { status: 'done', reason: [reason, ...tellOf(leftOut)].filter(Boolean).join('; ') || undefined };
      case 'refused':
        return { status: 'refused', reasonCode: 'QUALITY_GATE', reason: [reason ?? 'refused by the quality gate', ...tellOf(leftOut)].join('; ') };
      case 'retired':
      case 'removed':
        return { status: 'refused', reasonCode: 'SUPERSEDED', reason: reason ?? 'a newer version serves already' };
      case 'candidate':
        throw new TemporaryError(`Version ${version} was announced, but not judged`);
    }
  }

  /** Who classifies as soon as a training is done expects its answer; a classifier that is away follows when it is back. */
  private async waitUntilServed(version: ModelVersion, signal: AbortSignal): Promise<void> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(SERVED_WITHIN_MS)]);
    while (!patience.aborted && (await this.served.now().catch(() => undefined)) !== version) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: patience }).catch(() => {}); // the loop looks why
    }
  }

  private async announcePatiently(version: ModelVersion, signal: AbortSignal): ReturnType<ModelAnnouncer['announce']> {
    for (const waitMs of ANNOUNCE_WAITS_MS) {
      signal.throwIfAborted();
      try {
        return await this.announcer.announce(version);
      } catch (error) {
        if (!(error instanceof TemporaryError)) {
          throw error;
        }
        await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
    return this.announcer.announce(version);
  }
}

/** Everybody reads a run's reason, but the names of categories are their owners': those are in its progress. */
function tellOf(leftOut: readonly LeftOutCategory[]): string[] {
  const [count, have] = leftOut.length === 1 ? ['1 category', 'has'] : [`${leftOut.length} categories`, 'have'];
  return leftOut.length === 0 ? [] : [`${count} ${have} fewer than ${leastPhotos} photos or ${leastItems} items and could not be learnt`];
}
