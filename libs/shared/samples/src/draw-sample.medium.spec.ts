import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawSample, sampleCategory, sampleKinds, sampleName } from './draw-sample.js';
import type { Setting } from './setting.js';

describe.each(sampleKinds)('%s', (kind) => {
  it('draws the same photo from the same seeds', async () => {
    expect(await drawSample(kind, 5, 2, 96)).toEqual(await drawSample(kind, 5, 2, 96));
  });

  it('draws another photo for another item and for another view', async () => {
    const photos = await Promise.all([drawSample(kind, 1, 0, 96), drawSample(kind, 2, 0, 96), drawSample(kind, 1, 1, 96)]);
    expect(new Set(photos.map((photo) => photo.toString('base64'))).size).toBe(3);
  });

  it('shows the same scene at every size', async () => {
    const [small, large] = await Promise.all([64, 512].map(async (size) => thumbnail(await drawSample(kind, 7, 1, size))));
    expect(distance(small ?? [], large ?? [])).toBeLessThan(12);
  });

  it('names its items', () => {
    const names = Array.from({ length: 40 }, (_, seed) => sampleName(kind, seed));
    expect(new Set(names).size).toBeGreaterThan(15);
    expect(sampleCategory(kind)).toMatch(/^[A-Z]/);
  });
});

it.each([[32], [640], [1500]])('gives a square JPEG of %i pixels', async (size) => {
  expect(await sharp(await drawSample('coins', 1, 1, size)).metadata()).toMatchObject({ format: 'jpeg', width: size, height: size, channels: 3 });
});

it.each([[31], [8001], [100.5], [Number.NaN]])('refuses a size of %d', async (size) => {
  await expect(drawSample('coins', 1, 1, size)).rejects.toThrow(RangeError);
});

it('shows an item alike in two views: its colours find it among twelve of its kind', async () => {
  let found = 0;
  for (const kind of sampleKinds) {
    const items = Array.from({ length: 12 }, (_, seed) => seed);
    const [first, second] = await Promise.all([0, 1].map((view) => Promise.all(items.map(async (item) => colours(await drawSample(kind, item, view, 128))))));
    for (const item of items) {
      const distances = (first ?? []).map((features) => distance(features, second?.[item] ?? []));
      found += distances.indexOf(Math.min(...distances)) === item ? 1 : 0;
    }
  }
  // By chance it would be one in twelve.
  expect(found / (sampleKinds.length * 12)).toBeGreaterThan(0.25);
});

it('keeps the studio quieter than home: two views of one item differ less', async () => {
  const difference = async (setting: Setting) => {
    const [one, other] = await Promise.all([0, 1].map(async (view) => thumbnail(await drawSample('cars', 4, view, 128, setting))));
    return distance(one ?? [], other ?? []);
  };
  expect(await difference('studio')).toBeLessThan((await difference('varied')) / 2);
});

/** 12 x 12 RGB. */
async function thumbnail(photo: Buffer): Promise<number[]> {
  return [...(await sharp(photo).resize(12, 12, { fit: 'fill' }).raw().toBuffer())];
}

/** The thing's own colours: the middle of the photo at 4 x 4, each colour without its brightness. */
async function colours(photo: Buffer): Promise<number[]> {
  const { width } = await sharp(photo).metadata();
  const margin = Math.round(width * 0.32);
  const pixels = await sharp(photo).extract({ left: margin, top: margin, width: width - 2 * margin, height: width - 2 * margin }).resize(4, 4, { fit: 'fill' }).raw().toBuffer();
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return [...pixels].map((value) => (value / mean) * 128);
}

/** Root mean square difference. */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0) / a.length);
}
