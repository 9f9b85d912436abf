import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitByItem } from './split.js';

interface Photo {
  readonly itemId: string;
  readonly label: string;
}

/** Items of a few classes, each with one to six photos. */
const collections = fc
  .array(fc.record({ label: fc.constantFrom('cars', 'coins', 'stamps', 'minerals'), photos: fc.integer({ min: 1, max: 6 }) }), { minLength: 1, maxLength: 60 })
  .map((items) => items.flatMap(({ label, photos }, item): Photo[] => Array.from({ length: photos }, () => ({ itemId: `item-${item}`, label }))));

const itemsOf = (photos: readonly Photo[]) => new Set(photos.map(({ itemId }) => itemId));

it('never puts photos of one item in two parts, and loses none', () => {
  fc.assert(
    fc.property(collections, fc.integer(), (photos, seed) => {
      const { train, validation, test } = splitByItem(photos, seed);
      const all = itemsOf(train).size + itemsOf(validation).size + itemsOf(test).size;
      expect(all).toBe(itemsOf(photos).size);
      expect(train.length + validation.length + test.length).toBe(photos.length);
    }),
    { numRuns: 1000 },
  );
});

it('gives every part at least one item of a class with three', () => {
  fc.assert(
    fc.property(collections, fc.integer(), (photos, seed) => {
      const parts = Object.values(splitByItem(photos, seed));
      for (const label of new Set(photos.map((photo) => photo.label))) {
        const ofLabel = (part: readonly Photo[]) => itemsOf(part.filter((photo) => photo.label === label)).size;
        if (ofLabel(photos) >= 3) {
          expect(Math.min(...parts.map(ofLabel))).toBeGreaterThan(0);
        }
      }
    }),
    { numRuns: 300 },
  );
});

const collectionOf = (items: number, photosEach: number, label = 'coins') =>
  Array.from({ length: items * photosEach }, (_, i) => ({ itemId: `${label}-${Math.floor(i / photosEach)}`, label }));

it.each([
  [collectionOf(100, 1), { train: 70, validation: 15, test: 15 }],
  [collectionOf(20, 5), { train: 70, validation: 15, test: 15 }],
  [collectionOf(30, 1), { train: 20, validation: 5, test: 5 }],
  [collectionOf(5, 1), { train: 3, validation: 1, test: 1 }],
  [collectionOf(3, 4), { train: 4, validation: 4, test: 4 }],
  [[...collectionOf(40, 1, 'coins'), ...collectionOf(20, 1, 'cars')], { train: 42, validation: 9, test: 9 }],
])('deals 70 : 15 : 15 within each class (%#)', (photos, expected) => {
  const { train, validation, test } = splitByItem(photos, 7);
  expect({ train: train.length, validation: validation.length, test: test.length }).toEqual(expected);
});

it('is the same for the same seed, in whatever order the photos come, and another for another', () => {
  const photos = collectionOf(40, 2);
  const testItems = (input: readonly Photo[], seed: number) => [...itemsOf(splitByItem(input, seed).test)].sort();
  expect(testItems([...photos].reverse(), 7)).toEqual(testItems(photos, 7));
  expect(testItems(photos, 8)).not.toEqual(testItems(photos, 7));
});

it('keeps its test items when a collection grows', () => {
  const before = itemsOf(splitByItem(collectionOf(40, 1), 7).test);
  const after = itemsOf(splitByItem(collectionOf(50, 1), 7).test);
  const kept = [...before].filter((item) => after.has(item));
  expect(kept.length).toBeGreaterThanOrEqual(before.size - 2);
});
