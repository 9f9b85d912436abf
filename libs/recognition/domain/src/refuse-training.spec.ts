import { expect, it } from 'vitest';
import type { ItemId } from '@repo/kernel';
import { refuseTraining } from './refuse-training.js';

const photosOf = (label: string, photos: number, items = photos) =>
  Array.from({ length: photos }, (_, i) => ({ label, itemId: `${label}-${i % items}` as ItemId }));

it.each([
  ['nothing', [], 'TOO_FEW_CATEGORIES', 'there is none'],
  ['one category', photosOf('coins', 40), 'TOO_FEW_CATEGORIES', 'there is only "coins"'],
  ['a category with 4 photos', [...photosOf('coins', 40), ...photosOf('stamps', 4)], 'TOO_FEW_PHOTOS', '"stamps" has 4 (1 missing)'],
  ['two of those', [...photosOf('stamps', 1), ...photosOf('coins', 3), ...photosOf('cars', 9)], 'TOO_FEW_PHOTOS', '"coins" has 3 (2 missing), "stamps" has 1 (4 missing)'],
  ['ten photos of two items', [...photosOf('coins', 10), ...photosOf('stamps', 10, 2)], 'TOO_FEW_ITEMS', '"stamps" has 2 (1 missing)'],
])('refuses %s, saying what is missing', (_, photos, code, message) => {
  expect(refuseTraining(photos)).toEqual({ code, message: expect.stringContaining(message) as string });
});

it.each([
  ['five photos of five items in two categories', [...photosOf('coins', 5), ...photosOf('stamps', 5)]],
  ['five photos of three items', [...photosOf('coins', 5, 3), ...photosOf('stamps', 50)]],
])('takes %s', (_, photos) => {
  expect(refuseTraining(photos)).toBeUndefined();
});
