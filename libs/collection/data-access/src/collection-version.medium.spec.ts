import { CollectionDatabase } from '@repo/database';
import { newId, type CategoryId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { changeCollection } from './change-collection.js';
import { CollectionVersionRow } from './collection-version.row.js';
import { newItem, newPhoto, openScratchCollection } from './new-item.fixture.js';
import { SqlCategoryRepository } from './sql-category.repository.js';
import { SqlItemRepository } from './sql-item.repository.js';

let database: CollectionDatabase;
let items: SqlItemRepository;
let categories: SqlCategoryRepository;
let owner: UserId;

beforeAll(async () => {
  database = await openScratchCollection();
  items = new SqlItemRepository(database);
  categories = new SqlCategoryRepository(database);
});
afterAll(() => database.close());
beforeEach(() => {
  owner = newId<UserId>();
});

const noMessages = () => [];
const makeItem = () => items.create(newItem(owner, { photos: [newPhoto(), newPhoto()] }), noMessages);
const makeCategory = (name = 'Selos') => categories.create({ id: newId<CategoryId>(), ownerId: owner, name });

it('is absent before the first change', async () => {
  expect(await items.version(owner)).toBeUndefined();
});

it.each<[change: string, prepare: () => Promise<() => Promise<unknown>>]>([
  ['making an item', async () => makeItem],
  ['changing an item', async () => {
    const { id } = await makeItem();
    return () => items.update(owner, id, { name: 'outro' });
  }],
  ['deleting an item', async () => {
    const { id } = await makeItem();
    return () => items.delete(owner, id, noMessages);
  }],
  ['adding a photo', async () => {
    const { id } = await makeItem();
    return () => items.addPhotos(owner, id, [newPhoto()], noMessages);
  }],
  ['removing a photo', async () => {
    const { id, photos } = await makeItem();
    return () => items.removePhoto(owner, id, photos[0]!.id, noMessages);
  }],
  ['making a category', async () => makeCategory],
  ['renaming a category', async () => {
    const { id } = await makeCategory();
    return () => categories.update(owner, id, { name: 'Outros' });
  }],
  ['deleting a category', async () => {
    const { id } = await makeCategory();
    return () => categories.delete(owner, id);
  }],
])('is another one after %s, for this owner alone', async (_, prepare) => {
  const change = await prepare();
  const stranger = newId<UserId>();
  await items.create(newItem(stranger), noMessages);
  const before = [await items.version(owner), await items.version(stranger)];
  await change();
  const after = [await items.version(owner), await items.version(stranger)];
  expect(after[0]).toEqual(expect.any(String));
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).toBe(before[1]);
});

it('stays when a change was refused', async () => {
  const { id, photos } = await makeItem();
  const before = await items.version(owner);
  await Promise.allSettled([
    items.update(owner, id, { category: { id: newId<CategoryId>() } }),
    items.update(newId<UserId>(), id, { name: 'meu' }),
    items.delete(owner, id, () => {
      throw new Error('no message for this');
    }),
    items.removePhoto(newId<UserId>(), id, photos[0]!.id, noMessages),
    categories.create({ id: newId<CategoryId>(), ownerId: owner, name: 'moedas' }),
  ]);
  expect(await items.version(owner)).toBe(before);
});

it('lets many first changes of one owner at once through', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, at) => makeCategory(`c${at}`)));
  expect(await categories.list(owner)).toHaveLength(10);
  expect(await database.source.getRepository(CollectionVersionRow).countBy({ ownerId: owner })).toBe(1);
});

it('is never seen before what it stands for', async () => {
  await makeCategory();
  const before = await items.version(owner);
  let finish = () => {};
  let isRenewed = () => {};
  const renewed = new Promise<void>((resolve) => (isRenewed = resolve));
  const changing = changeCollection(database, owner, async () => {
    isRenewed();
    await new Promise<void>((resolve) => (finish = resolve));
  });
  await renewed;
  expect(await items.version(owner)).toBe(before);
  finish();
  await changing;
  expect(await items.version(owner)).not.toBe(before);
});
