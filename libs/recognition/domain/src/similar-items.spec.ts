import type { ItemId, PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { findSimilarItems } from './similar-items.js';

/** `a1` is a photo of item `a`. */
const itemOf = (photoId: string) => photoId.slice(0, 1) as ItemId;
const ranked = (...photoIds: string[]) =>
  photoIds.map((photoId, i) => ({ photoId: photoId as PhotoId, similarity: 0.9 - i * 0.01 }));
const searching = (neighbours: ReturnType<typeof ranked>) => (limit: number) => neighbours.slice(0, limit);

it.each([
  ['nothing there', [], 5, []],
  ['fewer items than asked for', ['a1', 'b1'], 5, ['a1', 'b1']],
  ['several photos of one item', ['a2', 'a1', 'b1', 'a3', 'c1'], 5, ['a2', 'b1', 'c1']],
  ['more items than asked for', ['a1', 'b1', 'c1'], 2, ['a1', 'b1']],
])('%s', (_, photos, k, expected) => {
  expect(findSimilarItems(k, searching(ranked(...photos)), itemOf).map(({ photoId }) => photoId)).toEqual(expected);
});

it('looks further when one item has most of the nearest photos', () => {
  const photos = [...Array.from({ length: 50 }, (_, i) => `a${i}`), 'b1', 'c1', 'd1', 'e1'];
  expect(findSimilarItems(5, searching(ranked(...photos)), itemOf).map(({ itemId }) => itemId)).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('leaves out a photo whose item is gone', () => {
  const gone = (photoId: PhotoId) => (photoId === 'a1' ? undefined : itemOf(photoId));
  expect(findSimilarItems(5, searching(ranked('a1', 'b1')), gone).map(({ itemId }) => itemId)).toEqual(['b']);
});

it.each([
  [1, 0],
  [1.0000001, 0],
  [0.92, 0.08],
  [-1, 2],
])('a similarity of %d is a distance of %d', (similarity, expected) => {
  const [item] = findSimilarItems(1, () => [{ photoId: 'a1' as PhotoId, similarity }], itemOf);
  expect(item?.distance).toBeCloseTo(expected, 9);
});
