import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ItemRepository, PhotoRegister, SentMessages } from '@repo/collection-domain';
import { IdempotencyStore } from '@repo/http';
import { Clock, type PhotoId } from '@repo/kernel';
import { ObjectStore } from '@repo/storage';

const EVERY_MS = 3_600_000;
/** No upload takes this long: an object without a row is then nobody's. */
const ORPHAN_AGE_MS = 3_600_000;
/** Everybody who reads tombstones has seen them long since. */
const TOMBSTONE_AGE_MS = 7 * 24 * 3_600_000;
const BATCH = 500;

/** Clears away what failed requests and time leave behind, each hour. */
@Injectable()
export class CollectionUpkeepService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('upkeep');
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly store: ObjectStore,
    private readonly register: PhotoRegister,
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
      this.removeOrphans(new Date(now - ORPHAN_AGE_MS)),
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

  /** Removes originals from before `before` whose photo has no row; answers how many. Throws TemporaryError. */
  async removeOrphans(before: Date): Promise<number> {
    let removed = 0;
    let batch: string[] = [];
    for await (const { key, modifiedAt } of this.store.list('original', 'item/')) {
      if (modifiedAt < before) {
        batch.push(key);
      }
      if (batch.length === BATCH) {
        removed += await this.removeUnknown(batch);
        batch = [];
      }
    }
    removed += await this.removeUnknown(batch);
    if (removed > 0) {
      this.logger.log({ msg: 'removed photos that no row knows', removed });
    }
    return removed;
  }

  private async removeUnknown(keys: readonly string[]): Promise<number> {
    const known = await this.register.known(keys.map(photoIdOf));
    const orphans = keys.filter((key) => !known.has(photoIdOf(key)));
    await Promise.all(orphans.map((key) => this.store.remove('original', key)));
    return orphans.length;
  }
}

/** `item/{itemId}/{fotoId}.{extension}` */
function photoIdOf(key: string): PhotoId {
  return key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('.')) as PhotoId;
}
