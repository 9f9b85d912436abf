import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AugmentationRepository } from '@repo/augmentation-domain';
import { Clock } from '@repo/kernel';
import { ObjectStore, removeIfOlder } from '@repo/storage';

const HOUR_MS = 3_600_000;
/** Younger objects may belong to an augmentation whose rows are still to come. */
const MIN_AGE_MS = HOUR_MS;
/** A lease is two minutes, a message's three attempts another; after this long nobody comes back. */
const ABANDONED_MS = 600_000;
/** As long as the collection keeps its marks of deleted photos. */
const KEPT_MS = 7 * 24 * HOUR_MS;
const BATCH = 500;

/** Clears away what processes left behind when they were killed. */
@Injectable()
export class LeftoversSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('augmentations');
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly jobs: AugmentationRepository,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timers = [this.every(HOUR_MS, () => this.sweepObjects()), this.every(ABANDONED_MS / 10, () => this.sweepRows())];
  }

  onModuleDestroy(): void {
    this.timers.forEach((timer) => clearInterval(timer));
  }

  /** Removes variants of more than an hour that no row knows; answers how many. */
  async sweepObjects(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - MIN_AGE_MS);
    let removed = 0;
    let batch: string[] = [];
    const removeUnknown = async (): Promise<void> => {
      for (const key of await this.jobs.unknownKeys(batch)) {
        // A dead letter may be replayed hours later, and makes the same variants again.
        if (await removeIfOlder(this.store, 'processed', key, before)) {
          removed++;
        }
      }
      batch = [];
    };
    for await (const { key, modifiedAt } of this.store.list('processed', 'training/')) {
      if (modifiedAt < before && batch.push(key) === BATCH) {
        await removeUnknown();
      }
    }
    await removeUnknown();
    return removed;
  }

  /** Fails the jobs that nobody finishes any more and forgets what is too old to matter. */
  async sweepRows(): Promise<void> {
    const now = this.clock.now().getTime();
    const abandoned = await this.jobs.abandonJobs(new Date(now - ABANDONED_MS));
    if (abandoned > 0) {
      this.logger.warn({ msg: 'abandoned augmentations were given up', abandoned });
    }
    await this.jobs.prune(new Date(now - KEPT_MS));
  }

  private every(intervalMs: number, sweep: () => Promise<unknown>): NodeJS.Timeout {
    return setInterval(() => {
      sweep().catch((error: unknown) => this.logger.warn({ msg: 'leftovers could not be cleared away', err: error }));
    }, intervalMs).unref();
  }
}
