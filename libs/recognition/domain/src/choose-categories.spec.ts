import type { ItemId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { chooseCategories } from './choose-categories.js';

const photosOf = (label: string, photos: number, items = photos) =>
  Array.from({ length: photos }, (_, i) => ({ label, itemId: `${label}-${i % items}` as ItemId }));

it.each([
  ['nothing', [], 'TOO_FEW_CATEGORIES', 'there is none'],
  ['one category', photosOf('coins', 40), 'TOO_FEW_CATEGORIES', 'there is only "coins"'],
  ['two categories, one with 4 photos', [...photosOf('coins', 40), ...photosOf('stamps', 4)], 'TOO_FEW_PHOTOS', '"stamps" has 4 (1 missing)'],
  ['one of three with enough photos', [...photosOf('stamps', 1), ...photosOf('coins', 3), ...photosOf('cars', 9)], 'TOO_FEW_PHOTOS', '"coins" has 3 (2 missing), "stamps" has 1 (4 missing)'],
  ['two categories, one with ten photos of two items', [...photosOf('coins', 10), ...photosOf('stamps', 10, 2)], 'TOO_FEW_ITEMS', '"stamps" has 2 (1 missing)'],
  ['one with items enough beside one without and one with few photos', [...photosOf('coins', 10), ...photosOf('stamps', 10, 2), ...photosOf('cars', 2)], 'TOO_FEW_ITEMS', '"stamps" has 2 (1 missing)'],
])('refuses %s, saying what is missing', (_, photos, code, message) => {
  expect(chooseCategories(photos)).toEqual({ outcome: 'refused', refusal: { code, message: expect.stringContaining(message) as string } });
});

it.each([
  ['five photos of five items in two categories', [...photosOf('coins', 5), ...photosOf('stamps', 5)]],
  ['five photos of three items', [...photosOf('coins', 5, 3), ...photosOf('stamps', 50)]],
])('takes all of %s', (_, photos) => {
  expect(chooseCategories(photos)).toEqual({ outcome: 'chosen', photos, leftOut: [] });
});

it.each([
  ['1 photo', 1, 1],
  ['4 photos', 4, 4],
  ['10 photos of 2 items', 10, 2],
])('leaves a category with %s out, and takes the others', (_, photos, items) => {
  const [coins, few, stamps] = [photosOf('coins', 5), photosOf('few', photos, items), photosOf('stamps', 9)];
  expect(chooseCategories([...coins, ...few, ...stamps])).toEqual({ outcome: 'chosen', photos: [...coins, ...stamps], leftOut: [{ label: 'few', photos, items }] });
});
