import { expect, it } from 'vitest';
import type { ItemId, PhotoId } from '@repo/kernel';
import { hashParams, sizeAfter, variantKey } from './variant.js';

const format = { longSide: 1024, jpegQuality: 90 };

it('hashes parameters whatever their order', () => {
  const one = hashParams({ transform: 'contrast', params: { factor: 1.3, pivot: 117 } }, format);
  const other = hashParams({ transform: 'contrast', params: { pivot: 117, factor: 1.3 } }, format);
  expect(one).toBe(other);
  expect(one).toMatch(/^[0-9a-f]{16}$/);
});

it.each([
  ['another parameter', { transform: 'zoom', params: { factor: 1.3 } }, format],
  ['another transformation', { transform: 'brightness', params: { factor: 1.2 } }, format],
  ['another size', { transform: 'zoom', params: { factor: 1.2 } }, { ...format, longSide: 640 }],
  ['another JPEG quality', { transform: 'zoom', params: { factor: 1.2 } }, { ...format, jpegQuality: 80 }],
] as const)('gives %s another hash', (_, transformation, stored) => {
  expect(hashParams(transformation, stored)).not.toBe(hashParams({ transform: 'zoom', params: { factor: 1.2 } }, format));
});

it('makes keys of category, item, photo, transformation and hash', () => {
  const place = { category: 'Moedas do Império', itemId: 'item-1' as ItemId, photoId: 'photo-1' as PhotoId };
  expect(variantKey(place, { transform: 'rotate-90', params: {}, paramsHash: '0123456789abcdef' })).toBe(
    'training/moedas-do-imperio/item-1/photo-1/rotate-90-0123456789abcdef.jpg',
  );
});

it.each([
  ['a quarter turn exchanges the sides', { transform: 'rotate-270', params: {} }, { width: 577, height: 1024 }],
  ['a half turn does not', { transform: 'rotate-180', params: {} }, { width: 1024, height: 577 }],
  ['a crop keeps its share of both', { transform: 'central-crop', params: { share: 0.75 } }, { width: 768, height: 433 }],
  ['a turn in the plane keeps the frame', { transform: 'rotation', params: { degrees: 40 } }, { width: 1024, height: 577 }],
] as const)('%s', (_, transformation, size) => expect(sizeAfter(transformation, { width: 1024, height: 577 })).toEqual(size));

it('crops nothing to nothing', () => {
  expect(sizeAfter({ transform: 'central-crop', params: { share: 0.1 } }, { width: 1, height: 2 })).toEqual({ width: 1, height: 1 });
});
