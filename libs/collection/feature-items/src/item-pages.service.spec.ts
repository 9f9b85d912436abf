import { MemoryCache } from '@repo/cache/memory';
import type { Item, ItemPage, ItemQuery, ItemRepository } from '@repo/collection-domain';
import { newId, type CategoryId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ItemPagesService } from './item-pages.service.js';

const ownerId = newId<UserId>();
const at = new Date('2026-03-01T12:00:00.123Z');

function item(name: string, description?: string): Item {
  const id = newId<ItemId>();
  const category = { id: newId<CategoryId>(), ownerId, name: 'Moedas', settings: {}, createdAt: at };
  const photo = { id: newId<PhotoId>(), itemId: id, ownerId, objectKey: `item/${id}/x.jpg`, sha256: 'ab', bytes: 1, width: 1, height: 1, position: 0, createdAt: at };
  return { id, ownerId, name, description, category, photos: [photo], createdAt: at };
}

let page: ItemPage;
let version: string | undefined;
const list = vi.fn(async (_: ItemQuery) => page);
const repository = { list, version: async () => version } as Partial<ItemRepository> as ItemRepository;
let cache: MemoryCache;
let pages: ItemPagesService;

beforeEach(() => {
  page = { items: [item('Dobrão', 'de ouro'), item('Cruzado')], total: 7, next: { createdAt: at, id: newId<ItemId>() } };
  version = newId();
  list.mockClear();
  cache = new MemoryCache();
  pages = new ItemPagesService(repository, cache);
});

const ask = (changes: Partial<ItemQuery> = {}) => pages.list({ ownerId, limit: 50, ...changes });
/** The only entry there is. */
async function keyOfEntry(): Promise<string> {
  const keys = vi.spyOn(cache, 'set');
  await ask({ limit: 49 });
  await ask({ limit: 49 });
  const key = keys.mock.calls[0]![0];
  keys.mockRestore();
  return key;
}

it('answers the same page from the cache as from the database', async () => {
  const first = await ask();
  const second = await ask();
  expect(second).toEqual(first);
  expect(second.items[0]).toEqual({
    id: page.items[0]!.id,
    name: 'Dobrão',
    description: 'de ouro',
    category: { id: page.items[0]!.category.id, name: 'Moedas' },
    photos: [{ id: page.items[0]!.photos[0]!.id, objectKey: page.items[0]!.photos[0]!.objectKey }],
    createdAt: at,
  });
  expect(second).toMatchObject({ total: 7, next: { createdAt: at } });
  expect(list).toHaveBeenCalledTimes(1);
});

it('reads anew what has changed', async () => {
  await ask();
  version = newId();
  page = { items: [], total: 0, next: undefined };
  expect(await ask()).toMatchObject({ items: [], total: 0 });
});

it('reads each time for an owner who has no version yet', async () => {
  version = undefined;
  await ask();
  await ask();
  expect(list).toHaveBeenCalledTimes(2);
});

it.each<[string, Partial<ItemQuery>]>([
  ['size', { limit: 51 }],
  ['place', { after: { createdAt: at, id: newId<ItemId>() } }],
  ['category by name', { category: { name: 'Moedas' } }],
  ['category by id', { category: { id: newId<CategoryId>() } }],
  ['text', { text: 'ouro' }],
  ['owner', { ownerId: newId<UserId>() }],
])('keeps pages of another %s apart', async (_, changes) => {
  await ask();
  await ask(changes);
  expect(list).toHaveBeenCalledTimes(2);
});

it.each<[string, (kept: object) => unknown]>([
  ['another owner\'s page', (kept) => ({ ...kept, ownerId: newId() })],
  ['a page without an owner', (kept) => ({ ...kept, ownerId: undefined })],
  ['a page of another version of this program', () => ({ rows: [] })],
  ['an item without photos', (kept) => ({ ...kept, items: [{ ...page.items[0], photos: undefined }] })],
  ['a date that is none', (kept) => ({ ...kept, next: { createdAt: 'yesterday', id: newId() } })],
  ['a text', () => 'x'],
])('ignores %s under its key, and writes over it', async (_, poison) => {
  const key = await keyOfEntry();
  const kept = await cache.get(key, z.object({}).loose());
  list.mockClear();
  await cache.set(key, poison(kept!), 60_000);
  expect(await ask({ limit: 49 })).toMatchObject({ ownerId, total: 7 });
  expect(list).toHaveBeenCalledTimes(1);
  await ask({ limit: 49 });
  expect(list).toHaveBeenCalledTimes(1);
});

it('reads the version before the page: a page may be newer than it says, not older', async () => {
  const order: string[] = [];
  const watched = { version: async () => (order.push('version'), version), list: async () => (order.push('page'), page) };
  await new ItemPagesService(watched as Partial<ItemRepository> as ItemRepository, cache).list({ ownerId, limit: 50 });
  expect(order).toEqual(['version', 'page']);
});
