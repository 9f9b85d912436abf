import type { PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { chooseVariants } from './choose-variants.js';

const transforms = ['blur', 'clahe', 'flip', 'rotate'];
const variantsOf = (photoId: string) => transforms.map((name) => ({ photoId: photoId as PhotoId, objectKey: `${photoId}/${name}`, sha256: name }));
const photos = ['a', 'b', 'c', 'd'];
const all = photos.flatMap(variantsOf);

it.each([
  [100, 4],
  [20, 4],
  [19, 3],
  [12, 2],
  [8, 1],
  [4, 0],
  [1, 0],
])('of 4 photos with 4 variants, %d images let %d variants of each train', (maxImages, expected) => {
  const chosen = chooseVariants(photos, all, maxImages);
  expect([...chosen.values()].map((variants) => new Set(variants).size)).toEqual([expected, expected, expected, expected]);
});

it('uses every transform somewhere', () => {
  const used = [...chooseVariants(photos, all, 8).values()].flat().map(({ sha256 }) => sha256);
  expect(used.sort()).toEqual(transforms);
});

it('leaves out variants of photos that are gone, and takes photos without variants', () => {
  expect(chooseVariants(['a', 'z'], all)).toEqual(new Map([['a', variantsOf('a')], ['z', []]]));
});

it('takes nothing of nothing', () => {
  expect(chooseVariants([], all).size).toBe(0);
});
