import { expect, it } from 'vitest';
import { toLuma, type Luma } from './luma.js';
import { findQualityFaults, laplacianVariance, measureQuality } from './quality.js';

function luma(width: number, height: number, grey: (x: number, y: number) => number): Luma {
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, at) => grey(at % width, Math.floor(at / width))) };
}

it.each([
  ['red', [255, 0, 0], 76],
  ['green', [0, 255, 0], 150],
  ['blue', [0, 0, 255], 29],
  ['white', [255, 255, 255], 255],
])('weighs %s as the eye does', (_, rgb, expected) => {
  const { data } = toLuma({ data: Uint8Array.from(rgb), width: 1, height: 1 });
  expect(Math.abs(data[0]! - expected)).toBeLessThanOrEqual(1);
});

it.each([
  ['an even plane has no sharpness', luma(8, 8, () => 90), 0],
  ['a slope has none either', luma(8, 8, (x) => x * 10), 0],
  // Inside, the Laplacian of a chequered board is +-4 * 255 in equal parts.
  ['a chequered board has all there is', luma(8, 8, (x, y) => ((x + y) % 2) * 255), (4 * 255) ** 2],
  ['an image without an inside counts as even', luma(2, 9, (x) => x * 255), 0],
])('%s', (_, image, expected) => expect(laplacianVariance(image)).toBeCloseTo(expected, 6));

it('takes brightness and contrast from the grey levels', () => {
  const half = measureQuality(luma(10, 10, (x) => (x < 5 ? 100 : 200)));
  expect(half).toMatchObject({ brightness: 150, contrast: 50 });
});

it.each([
  ['a good photo', { sharpness: 800, brightness: 120, contrast: 55 }, []],
  ['the softest of 280 real photos', { sharpness: 29.3, brightness: 110, contrast: 40 }, []],
  ['a smooth thing on a plain ground', { sharpness: 12, brightness: 120, contrast: 40 }, []],
  ['one out of focus', { sharpness: 8, brightness: 120, contrast: 55 }, ['blurred']],
  ['one taken in the dark', { sharpness: 800, brightness: 9, contrast: 20 }, ['dark']],
  ['one taken against the sun', { sharpness: 800, brightness: 250, contrast: 20 }, ['overexposed']],
  ['one taken through fog', { sharpness: 30, brightness: 120, contrast: 6 }, ['flat']],
  ['the inside of a pocket', { sharpness: 0, brightness: 3, contrast: 1 }, ['blurred', 'dark', 'flat']],
])('judges %s', (_, measures, faults) => expect(findQualityFaults(measures)).toEqual(faults));
