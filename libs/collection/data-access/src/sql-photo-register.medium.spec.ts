import type { CollectionDatabase } from '@repo/database';
import { newId, type PhotoId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newItem, newPhoto, openScratchCollection } from './new-item.fixture.js';
import { SqlItemRepository } from './sql-item.repository.js';
import { SqlPhotoRegister } from './sql-photo-register.js';

const early = new Date('2026-03-01T12:00:00Z');
const late = new Date('2026-03-01T14:00:00Z');

let database: CollectionDatabase;
let register: SqlPhotoRegister;
beforeAll(async () => {
  database = await openScratchCollection();
  register = new SqlPhotoRegister(database);
});
afterAll(() => database.close());

const keptAt = (time: Date) => new SqlItemRepository(database, { now: () => time });

it('tells photos that have a row, of any owner, from those that have none', async () => {
  const [mine, theirs] = [newPhoto(), newPhoto()];
  await keptAt(late).create(newItem(newId<UserId>(), { photos: [mine] }), () => []);
  await keptAt(late).create(newItem(newId<UserId>(), { photos: [theirs] }), () => []);
  expect(await register.known([mine.id, newId<PhotoId>(), 'readme' as PhotoId, theirs.id])).toEqual(new Set([mine.id, theirs.id]));
  expect(await register.known([])).toEqual(new Set());
});

it('goes through all photos of before, a page at a time, each once', async () => {
  const photos = Array.from({ length: 1_100 }, () => newPhoto());
  for (let start = 0; start < photos.length; start += 10) {
    await keptAt(early).create(newItem(newId<UserId>(), { photos: photos.slice(start, start + 10) }), () => []);
  }
  const found: { id: PhotoId; objectKey: string }[] = [];
  for (let page = await register.page(late, undefined); page.length > 0; page = await register.page(late, page.at(-1)!.id)) {
    expect(page.length).toBeLessThanOrEqual(500);
    found.push(...page.map(({ id, objectKey }) => ({ id, objectKey })));
  }
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  expect(found.sort(byId)).toEqual(photos.map(({ id, objectKey }) => ({ id, objectKey })).sort(byId));
});
