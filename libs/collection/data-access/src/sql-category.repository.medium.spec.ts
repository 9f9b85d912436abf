import { CategoryExistsError, CategoryInUseError, CategoryNotFoundError } from '@repo/collection-domain';
import { CollectionDatabase } from '@repo/database';
import { InvalidInputError, newId, type CategoryId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newItem, openScratchCollection } from './new-item.fixture.js';
import { SqlCategoryRepository } from './sql-category.repository.js';
import { SqlItemRepository } from './sql-item.repository.js';

let database: CollectionDatabase;
let categories: SqlCategoryRepository;
let items: SqlItemRepository;
let owner: UserId;

beforeAll(async () => {
  database = await openScratchCollection();
  categories = new SqlCategoryRepository(database);
  items = new SqlItemRepository(database);
});
afterAll(() => database.close());
beforeEach(() => {
  owner = newId<UserId>();
});

const make = (name: string, ownerId = owner) => categories.create({ id: newId<CategoryId>(), ownerId, name });

it('lists them by name, each with its number of items', async () => {
  const coins = await make('moedas');
  await make('Árvores');
  await make('Carros', newId<UserId>());
  await items.create(newItem(owner, { category: { id: coins.id } }), () => []);
  await items.create(newItem(owner, { category: { id: coins.id } }), () => []);
  expect(await categories.list(owner)).toMatchObject([
    { name: 'Árvores', itemCount: 0 },
    { name: 'moedas', itemCount: 2 },
  ]);
});

it('keeps settings as they were given', async () => {
  const settings = { profile: 'moedas', allowMirror: false } as const;
  const { id } = await categories.create({ id: newId<CategoryId>(), ownerId: owner, name: 'Moedas', settings });
  expect(await categories.get(owner, id)).toMatchObject({ settings, itemCount: 0 });
  expect(await categories.update(owner, id, { name: 'Moedas raras' })).toMatchObject({ name: 'Moedas raras', settings });
  expect(await categories.update(owner, id, { settings: { extended: true } })).toMatchObject({ name: 'Moedas raras', settings: { extended: true } });
});

it.each([
  ['Café', 'CAFE'],
  ['Café', ' cafe\u0301 '],
  ['Straße', 'STRASSE'],
  ['a  b', 'A\tB'],
])('takes "%s" and "%s" for one name', async (first, second) => {
  await make(first);
  await expect(make(second)).rejects.toThrow(CategoryExistsError);
});

it('makes a name once for many requests at the same instant', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => make('Selos')));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await categories.list(owner)).toHaveLength(1);
});

it('makes a category once, however often its request comes', async () => {
  const wanted = { id: newId<CategoryId>(), ownerId: owner, name: 'Selos' };
  expect(await categories.create(wanted)).toEqual(await categories.create(wanted));
});

it('keeps names apart when renaming, but lets a category change its own spelling', async () => {
  const coins = await make('Moedas');
  const stamps = await make('Selos');
  await expect(categories.update(owner, stamps.id, { name: 'MOEDAS' })).rejects.toThrow(CategoryExistsError);
  expect(await categories.update(owner, coins.id, { name: 'MOÉDAS' })).toMatchObject({ name: 'MOÉDAS' });
  await expect(categories.update(owner, coins.id, { name: ' ' })).rejects.toThrow(InvalidInputError);
});

it('deletes an empty one, and one in use only when its items can move', async () => {
  const coins = await make('Moedas');
  const stamps = await make('Selos');
  const item = await items.create(newItem(owner, { category: { id: coins.id } }), () => []);
  await expect(categories.delete(owner, coins.id)).rejects.toThrow(CategoryInUseError);
  await expect(categories.delete(owner, coins.id, { moveTo: coins.id })).rejects.toThrow(InvalidInputError);
  await expect(categories.delete(owner, coins.id, { moveTo: newId<CategoryId>() })).rejects.toThrow(CategoryNotFoundError);
  await categories.delete(owner, coins.id, { moveTo: stamps.id });
  expect((await items.get(owner, item.id)).category.id).toBe(stamps.id);
  await items.delete(owner, item.id, () => []);
  await categories.delete(owner, stamps.id);
  expect(await categories.list(owner)).toEqual([]);
});

it('moves the items that come in while it is deleted', async () => {
  for (let round = 0; round < 20; round += 1) {
    const from = await make('De');
    const to = await make('Para');
    await items.create(newItem(owner, { category: { id: from.id } }), () => []);
    const [added] = await Promise.allSettled([items.create(newItem(owner, { category: { id: from.id } }), () => []), categories.delete(owner, from.id, { moveTo: to.id })]);
    if (added.status === 'rejected') {
      expect(added.reason).toBeInstanceOf(CategoryNotFoundError);
    }
    expect(await categories.list(owner)).toMatchObject([{ name: 'Para', itemCount: added.status === 'fulfilled' ? 2 : 1 }]);
    for (const item of (await items.list({ ownerId: owner, limit: 10 })).items) {
      await items.delete(owner, item.id, () => []);
    }
    await categories.delete(owner, to.id);
  }
});

it("does not find another owner's", async () => {
  const stranger = newId<UserId>();
  const mine = await make('Moedas');
  const theirs = await make('Selos', stranger);
  await expect(categories.get(stranger, mine.id)).rejects.toThrow(CategoryNotFoundError);
  await expect(categories.update(stranger, mine.id, { name: 'x' })).rejects.toThrow(CategoryNotFoundError);
  await expect(categories.delete(stranger, mine.id)).rejects.toThrow(CategoryNotFoundError);
  await expect(categories.delete(owner, mine.id, { moveTo: theirs.id })).rejects.toThrow(CategoryNotFoundError);
  expect(await categories.list(owner)).toMatchObject([{ name: 'Moedas' }]);
});
