import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Cache, CachedReads } from '@repo/cache';
import { encodeCursor, ItemRepository, type ItemPage, type ItemQuery } from '@repo/collection-domain';
import type { CategoryId, Id, ItemId, PhotoId, UserId } from '@repo/kernel';
import { z } from 'zod';

/** Nothing grows old in it, since its key holds the collection's version; this bounds what nobody asks for any more. */
const KEPT_MS = 10 * 60_000;

const idOf = <Kind extends Id<string>>() => z.uuid().transform((text) => text as Kind);
const instant = z.iso.datetime().transform((text) => new Date(text));

const listedItem = z.object({
  id: idOf<ItemId>(),
  name: z.string(),
  description: z.string().optional(),
  category: z.object({ id: idOf<CategoryId>(), name: z.string() }),
  /** In order. */
  photos: z.array(z.object({ id: idOf<PhotoId>(), objectKey: z.string() })).readonly(),
  createdAt: instant,
});

const listedPage = z.object({
  ownerId: idOf<UserId>(),
  items: z.array(listedItem).readonly(),
  total: z.int().min(0),
  next: z.object({ createdAt: instant, id: idOf<ItemId>() }).optional(),
});

/** What a list shows of an item. */
export type ListedItem = z.infer<typeof listedItem>;
export type ListedPage = z.infer<typeof listedPage>;

/**
 * Pages of items, from the cache while nothing has changed. Rows are kept, not links to photos, which end.
 * The key holds the version of the owner's collection, read from the database each time: a page of
 * before a change is not asked for any more, whatever the cache does.
 */
@Injectable()
export class ItemPagesService {
  private readonly reads: CachedReads;

  constructor(
    private readonly items: ItemRepository,
    cache: Cache,
  ) {
    this.reads = new CachedReads(cache);
  }

  /** Throws TemporaryError. */
  async list(query: ItemQuery): Promise<ListedPage> {
    const { ownerId } = query;
    const load = async () => listed(ownerId, await this.items.list(query));
    // Before the page: what is changed in between makes the page newer than its version says, never older.
    const version = await this.items.version(ownerId);
    if (version === undefined) {
      return load();
    }
    return this.reads.read({ key: pageKey(query, version), schema: listedPage, isRight: (page) => page.ownerId === ownerId, ttlMs: KEPT_MS }, load);
  }
}

function pageKey({ ownerId, limit, after, category, text }: ItemQuery, version: string): string {
  const asked = JSON.stringify([limit, after && encodeCursor(after), category, text]);
  return `items:${ownerId}:${version}:${createHash('sha256').update(asked).digest('base64url')}`;
}

function listed(ownerId: UserId, { items, total, next }: ItemPage): ListedPage {
  return {
    ownerId,
    items: items.map(({ id, name, description, category, photos, createdAt }) => ({
      id,
      name,
      description,
      category: { id: category.id, name: category.name },
      photos: photos.map((photo) => ({ id: photo.id, objectKey: photo.objectKey })),
      createdAt,
    })),
    total,
    next,
  };
}
