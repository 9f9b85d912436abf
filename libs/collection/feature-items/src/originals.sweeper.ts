import { Injectable, Logger } from '@nestjs/common';
import { PhotoRegister, type RegisteredPhoto } from '@repo/collection-domain';
import { Clock, type PhotoId } from '@repo/kernel';
import { counter, gauge } from '@repo/observability';
import { ObjectStore, removeIfOlder, type ObjectSummary } from '@repo/storage';

/** No upload takes this long: an object without a row is then nobody's. */
const ORPHAN_AGE_MS = 3_600_000;
const BATCH = 500;
/** As many requests as the store answers at once. */
const PARALLEL = 10;
/** Enough to begin looking; their number tells the rest. */
const NAMED_IN_LOG = 20;

const orphansRemoved = counter('orphaned_originals_removed_total', 'Originals without a row that were removed');
const withoutOriginal = gauge('photos_without_original', 'Photos with a row whose original is not in the store, as the last sweep found');

export interface SweepReport {
  /** Originals of more than an hour whose photo has no row. */
  readonly orphans: number;
  readonly removed: number;
  /** Photos of more than an hour whose original is gone. */
  readonly missing: readonly RegisteredPhoto[];
}

/** Compares the bucket `original` with the photos that have a row, both ways. */
@Injectable()
export class OriginalsSweeper {
  private readonly logger = new Logger('upkeep');

  constructor(
    private readonly store: ObjectStore,
    private readonly register: PhotoRegister,
    private readonly clock: Clock,
  ) {}

  /**
   * Holds the ids of all photos meanwhile, some 100 bytes each. Throws TemporaryError.
   *
   * @param really false only looks; true removes originals of more than an hour that no row knows
   * @param unlessMost removes nothing when fewer are known than not: then the store is hardly that of this database,
   * and what would go are all photos of another
   */
  async sweep({ really, unlessMost = false }: { really: boolean; unlessMost?: boolean }): Promise<SweepReport> {
    const before = new Date(this.clock.now().getTime() - ORPHAN_AGE_MS);
    const stored = new Set<PhotoId>();
    const orphans: ObjectSummary[] = [];
    for await (const batch of inBatches(this.store.list('original', 'item/'))) {
      const known = await this.register.known(batch.map(({ key }) => photoIdOf(key)));
      known.forEach((id) => stored.add(id));
      orphans.push(...batch.filter(({ key, modifiedAt }) => modifiedAt < before && !known.has(photoIdOf(key))));
    }
    const areMost = orphans.length > stored.size;
    if (unlessMost && areMost) {
      this.logger.error({ msg: 'most originals have no row, is this the database that belongs to the object store? They stay until npm run sweep -- --really', orphans: orphans.length, known: stored.size });
    }
    const removed = really && !(unlessMost && areMost) ? await this.remove(orphans, before) : 0;
    const missing = await this.findMissing(before, stored);
    this.tell(removed, missing);
    return { orphans: orphans.length, removed, missing };
  }

  private async remove(orphans: readonly ObjectSummary[], before: Date): Promise<number> {
    let removed = 0;
    await inParallel(orphans, async ({ key }) => {
      // An upload may be sent again hours later, under the same key.
      if (await removeIfOlder(this.store, 'original', key, before)) {
        removed++;
      }
    });
    return removed;
  }

  private async findMissing(before: Date, stored: ReadonlySet<PhotoId>): Promise<RegisteredPhoto[]> {
    const missing: RegisteredPhoto[] = [];
    for (let page = await this.register.page(before, undefined); page.length > 0; page = await this.register.page(before, page.at(-1)!.id)) {
      const gone: RegisteredPhoto[] = [];
      await inParallel(page.filter(({ id }) => !stored.has(id)), async (photo) => {
        if (!(await this.store.head('original', photo.objectKey))) {
          gone.push(photo);
        }
      });
      const known = await this.register.known(gone.map(({ id }) => id)); // others were deleted meanwhile
      missing.push(...gone.filter(({ id }) => known.has(id)));
    }
    return missing;
  }

  private tell(removed: number, missing: readonly RegisteredPhoto[]): void {
    orphansRemoved.inc(removed);
    withoutOriginal.set(missing.length);
    if (removed > 0) {
      this.logger.log({ msg: 'removed originals that no row knows', removed });
    }
    if (missing.length > 0) {
      this.logger.error({ msg: 'photos have lost their original', photos: missing.length, first: missing.slice(0, NAMED_IN_LOG).map(({ objectKey }) => objectKey) });
    }
  }
}

async function* inBatches(objects: AsyncIterable<ObjectSummary>): AsyncIterable<ObjectSummary[]> {
  let batch: ObjectSummary[] = [];
  for await (const object of objects) {
    batch.push(object);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < all.length; start += PARALLEL) {
    await Promise.all(all.slice(start, start + PARALLEL).map(work));
  }
}

/** `item/{itemId}/{fotoId}.{extension}` */
function photoIdOf(key: string): PhotoId {
  return key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('.')) as PhotoId;
}
