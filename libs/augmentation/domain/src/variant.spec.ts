import { expect, it } from 'vitest';
import type { ItemId, PhotoId } from '@repo/kernel';
import { hashParams, variantKey } from './variant.js';

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
