import type { RgbImage } from '@repo/augmentation-domain';
import { expect, it } from 'vitest';
import { bend, rotate, turnInSpace, zoom } from './warp.js';

/** Red grows to the right, green downwards: every place has its own colour. */
function gradient(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    data.set([(at % width) * 2, Math.floor(at / width) * 2, 77], at * 3);
  }
  return { data, width, height };
}

const at = ({ data, width }: RgbImage, x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 2)];

it.each([
  ['a turn by nothing', (image: RgbImage) => rotate(image, 0)],
  ['a zoom by one', (image: RgbImage) => zoom(image, 1)],
  ['a look from the front', (image: RgbImage) => turnInSpace(image, { yaw: 0, pitch: 0 })],
  ['a bend without strength', (image: RgbImage) => bend(image, { grid: 6, strength: 0, seed: 1 })],
])('%s changes nothing', (_, warp) => {
  const image = gradient(61, 43);
  expect(warp(image)).toEqual(image);
});

it('turns clockwise about the middle', () => {
  const image = gradient(101, 101);
  const turned = rotate(image, 90);
  expect(at(turned, 100, 0)).toEqual(at(image, 0, 0)); // the corner at the top left is now at the top right
  expect(at(turned, 100, 100)).toEqual(at(image, 100, 0));
});

it('fills the corners of a turned image with its mirror image', () => {
  const plain = { width: 40, height: 20, data: new Uint8Array(40 * 20 * 3).fill(99) };
  expect(rotate(plain, 33).data.every((value) => value === 99)).toBe(true);
});

it('comes closer about the middle', () => {
  const closer = zoom(gradient(101, 101), 2);
  expect(at(closer, 50, 50)).toEqual([100, 100]);
  expect(at(closer, 0, 0)).toEqual([50, 50]); // half way between the corner and the middle
});

it('steps back, the edge mirrored outside', () => {
  const farther = zoom(gradient(101, 101), 0.5);
  expect(at(farther, 25, 50)).toEqual([0, 100]); // the left edge
  expect(at(farther, 0, 50)).toEqual([100, 100]); // as far outside as the middle is inside
});

it.each([
  ['the right side nearer', { yaw: 20, pitch: 0 }, 0, 30],
  ['the left side nearer', { yaw: -20, pitch: 0 }, 0, -30],
  ['the upper side nearer', { yaw: 0, pitch: 20 }, 1, -30],
])('turns %s, the middle staying', (_, angles, axis, nearer) => {
  const turned = turnInSpace(gradient(101, 101), angles);
  expect(at(turned, 50, 50)).toEqual([100, 100]);
  const stepFromMiddle = (offset: number) => Math.abs((axis === 0 ? at(turned, 50 + offset, 50) : at(turned, 50, 50 + offset))[axis]! - 100);
  // What is nearer looks larger: the same way on the picture is less of the thing.
  expect(stepFromMiddle(nearer)).toBeLessThan(stepFromMiddle(-nearer) - 3);
});

it('bends smoothly, within its strength, the same way for the same seed', () => {
  const image = gradient(120, 90);
  const bent = bend(image, { grid: 5, strength: 6, seed: 7 });
  expect(bent).toEqual(bend(image, { grid: 5, strength: 6, seed: 7 }));
  expect(bent).not.toEqual(bend(image, { grid: 5, strength: 6, seed: 8 }));
  let farthest = 0;
  for (let y = 10; y < 80; y++) {
    for (let x = 10; x < 110; x++) {
      const [red, green] = at(bent, x, y);
      farthest = Math.max(farthest, Math.abs(red! / 2 - x), Math.abs(green! / 2 - y));
      const [nextRed] = at(bent, x + 1, y);
      expect(Math.abs(nextRed! - red! - 2)).toBeLessThanOrEqual(3); // neighbours stay neighbours
    }
  }
  expect(farthest).toBeGreaterThan(1);
  expect(farthest).toBeLessThanOrEqual(6.5);
});

it('warps what is one pixel wide', () => {
  const line = { width: 1, height: 5, data: new Uint8Array(15).fill(50) };
  expect(rotate(line, 45).data.every((value) => value === 50)).toBe(true);
});
