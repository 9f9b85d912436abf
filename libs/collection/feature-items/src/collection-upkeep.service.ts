import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ItemRepository, SentMessages } from '@repo/collection-domain';
import { IdempotencyStore } from '@repo/http';
import { Clock } from '@repo/kernel';
import { OriginalsSweeper } from './originals.sweeper.js';

const EVERY_MS = 3_600_000;
/** Everybody who reads tombstones has seen them long since. */
const TOMBSTONE_AGE_MS = 7 * 24 * 3_600_000;

/** Clears away what failed requests and time leave behind, each hour. */
@Injectable()
export class CollectionUpkeepService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('upkeep');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly originals: OriginalsSweeper,
    private readonly items: ItemRepository,
    private readonly sent: SentMessages,
    private readonly idempotency: IdempotencyStore,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Never throws: what fails now is done an hour later. */
  async run(): Promise<void> {
    const now = this.clock.now().getTime();
    const results = await Promise.allSettled([
      this.originals.sweep({ really: true, unlessMost: true }),
      this.items.purgeTombstones(new Date(now - TOMBSTONE_AGE_MS)),
      this.sent.purge(),
      this.idempotency.purge(),
    ]);
    for (const result of results) {
      if (result.status === 'rejected') {
        this.logger.warn({ msg: 'the hourly upkeep failed in part', err: result.reason });
      }
    }
  }
}
