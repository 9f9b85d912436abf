import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clahe, claheRgb } from './clahe.js';

/**
 * What `cv2.createCLAHE(2.0, (8, 8)).apply(image)` of OpenCV 4.6 makes of `testPattern`, every 13th pixel.
 * Sizes that the tiles divide in both directions, in neither, in one; and smaller than the tiles.
 */
const opencv = JSON.parse(readFileSync(new URL('./clahe.opencv.json', import.meta.url), 'utf8')) as { width: number; height: number; every13th: string }[];

function testPattern(width: number, height: number) {
  const grey = (x: number, y: number) => (Math.floor((x * x) / 40) + y * 3 + ((x * y) % 23) * 2 + 60) % 256;
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, at) => grey(at % width, Math.floor(at / width))) };
}

it.each(opencv)('equals OpenCV within one grey level at $width x $height', ({ width, height, every13th }) => {
  const ours = clahe(testPattern(width, height), { tiles: 8, clipLimit: 2 }).data.filter((_, at) => at % 13 === 0);
  const theirs = Buffer.from(every13th, 'base64');
  expect(ours.length).toBe(theirs.length);
  expect(Math.max(...ours.map((grey, at) => Math.abs(grey - theirs[at]!)))).toBeLessThanOrEqual(1);
});

it('keeps the differences between the channels', () => {
  const { data, ...size } = testPattern(64, 64);
  const tinted = { ...size, data: Uint8Array.from([...data].flatMap((grey) => [grey / 2 + 60, grey / 2 + 50, grey / 2 + 30])) };
  const { data: equalised } = claheRgb(tinted, { tiles: 8, clipLimit: 2 });
  let changed = 0;
  for (let at = 0; at < equalised.length; at += 3) {
    if (equalised[at]! < 255 && equalised[at + 2]! > 0) {
      expect(equalised[at]! - equalised[at + 1]!).toBe(tinted.data[at]! - tinted.data[at + 1]!);
      expect(equalised[at]! - equalised[at + 2]!).toBe(tinted.data[at]! - tinted.data[at + 2]!);
      changed += Number(equalised[at] !== tinted.data[at]);
    }
  }
  expect(changed).toBeGreaterThan(1000);
});

it('leaves its input alone', () => {
  const image = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3).fill(40) };
  claheRgb(image, { tiles: 8, clipLimit: 2 });
  expect(image.data.every((value) => value === 40)).toBe(true);
});
