import type { VariantSettings } from '@repo/augmentation-domain';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderPhoto, UndecodableError } from './render-photo.js';

const format = { longSide: 256, jpegQuality: 90 };
const sha256 = 'a'.repeat(64);

/** Detail everywhere, each corner in its own colour; like a photo, sharp enough to learn from. */
function picture(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const grain = ((x * 7919 + y * 104_729) % 61) - 30;
      data[at] = Math.max(0, Math.min(255, (x / width) * 200 + 30 + grain));
      data[at + 1] = Math.max(0, Math.min(255, (y / height) * 200 + 30 + grain));
      data[at + 2] = 90 + grain;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const render = (photo: Buffer, { category = 'Minerais', settings }: { category?: string; settings?: VariantSettings } = {}) =>
  renderPhoto(photo, { sha256, category, settings }, format);

/** Mean red, green and blue of the corner at the top left. */
async function corner(jpeg: Buffer): Promise<number[]> {
  const { channels } = await sharp(await sharp(jpeg).extract({ left: 0, top: 0, width: 24, height: 24 }).png().toBuffer()).stats();
  return channels.map(({ mean }) => Math.round(mean));
}

let photo: Buffer;
beforeAll(async () => {
  photo = await picture(400, 300).jpeg({ quality: 95 }).toBuffer();
});

describe('the nine', () => {
  it('are made at the stored size, checked, and each its own picture', async () => {
    const { variants, badQuality, stagesMs } = await render(photo);
    expect(badQuality).toBe(false);
    expect(variants.map(({ plan }) => plan.transform)).toEqual(['rotate-90', 'rotate-180', 'rotate-270', 'flip-horizontal', 'flip-vertical', 'brightness', 'contrast', 'blur', 'clahe']);
    expect(variants.map(({ defect }) => defect)).toEqual(variants.map(() => undefined));
    for (const { plan, bytes, width, height } of variants) {
      const isTurned = plan.transform === 'rotate-90' || plan.transform === 'rotate-270';
      expect([width, height]).toEqual(isTurned ? [192, 256] : [256, 192]);
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width, height, channels: 3 });
    }
    expect(new Set(variants.map(({ sha256: hash }) => hash)).size).toBe(9);
    expect(Object.values(stagesMs).every((ms) => ms > 0)).toBe(true);
  });

  it('show what their names say', async () => {
    const { variants } = await render(photo);
    const original = await corner(await sharp(photo).resize(256).jpeg({ quality: 95 }).toBuffer());
    const at = async (transform: string) => corner(variants.find(({ plan }) => plan.transform === transform)!.bytes);
    const [red, green, blue] = original as [number, number, number];
    const near = (expected: number[]) => expected.map((value) => expect.closeTo(value, -1.2)); // within 8
    expect(await at('flip-horizontal')).toEqual(near([red + 186, green, blue])); // red grows to the right
    expect(await at('flip-vertical')).toEqual(near([red, green + 180, blue])); // green downwards
    expect(await at('rotate-180')).toEqual(near([red + 186, green + 180, blue]));
    expect(await at('rotate-90')).toEqual(near([red, green + 180, blue])); // what was at the bottom left
    expect(await at('rotate-270')).toEqual(near([red + 186, green, blue])); // what was at the top right
    expect((await at('brightness'))[2]).toBeGreaterThan(blue * 1.1);
  });

  it('have the same bytes in every run', async () => {
    const [first, second] = [await render(photo, { category: 'Arte' }), await render(photo, { category: 'Arte' })];
    expect(second.variants.map(({ sha256: hash }) => hash)).toEqual(first.variants.map(({ sha256: hash }) => hash));
  });
});

it.each([
  ['Carros', 16],
  ['Moedas', 13],
  ['Animais', 13],
  ['Arte', 13],
])('makes every extra of %s', async (category, count) => {
  const { variants } = await render(photo, { category });
  expect(variants).toHaveLength(count);
  expect(variants.filter(({ defect }) => defect)).toEqual([]);
});

/** Grey levels at 48 x 48, their mean taken away and their length made 1: the product of two says how alike they are, -1 to 1. */
async function shapeOf(jpeg: Buffer): Promise<Float64Array> {
  const grey = Float64Array.from(await sharp(jpeg).resize(48, 48, { fit: 'fill' }).greyscale().raw().toBuffer());
  const mean = grey.reduce((sum, level) => sum + level, 0) / grey.length;
  const length = Math.hypot(...grey.map((level) => level - mean));
  return grey.map((level) => (level - mean) / length);
}

it.each<[string, VariantSettings]>([
  ['Moedas', { extended: true }],
  ['Animais', { extended: true, allowMirror: false }],
])('shows no mirror image where %s must not be mirrored', async (category, settings) => {
  // An F is none of its own mirror images, however it is turned; the noise makes it sharp enough to learn from.
  const bar = (left: number, top: number, width: number, height: number) => ({ input: { create: { width, height, channels: 3 as const, background: '#fff' } }, left, top });
  const original = await sharp({ create: { width: 256, height: 256, channels: 3, background: '#333', noise: { type: 'gaussian', mean: 50, sigma: 25 } } })
    .composite([bar(80, 40, 45, 180), bar(80, 40, 110, 40), bar(80, 120, 95, 40)])
    .jpeg({ quality: 95 })
    .toBuffer();
  // Finely enough that every variant that is turned lies near one of them.
  const turns = Array.from({ length: 24 }, (_, step) => step * 15);
  const pictures = await Promise.all(turns.map((degrees) => sharp(original).rotate(degrees, { background: '#333' }).resize(256, 256, { fit: 'cover' }).jpeg().toBuffer()));
  const turned = await Promise.all(pictures.map(shapeOf));
  const mirrored = await Promise.all(pictures.map(async (jpeg) => shapeOf(await sharp(jpeg).flop().jpeg().toBuffer())));
  const likeness = (shape: Float64Array, others: Float64Array[]) => Math.max(...others.map((other) => shape.reduce((sum, level, place) => sum + level * other[place]!, 0)));

  const { badQuality, variants } = await render(original, { category, settings });
  expect([badQuality, variants.length]).toEqual([false, category === 'Moedas' ? 16 : 14]);
  for (const { plan, bytes } of variants) {
    const shape = await shapeOf(bytes);
    expect(likeness(shape, turned), plan.transform).toBeGreaterThan(0.1 + likeness(shape, mirrored));
  }
  const flipped = (await render(original, { category, settings: { ...settings, allowMirror: true } })).variants.find(({ plan }) => plan.transform === 'flip-vertical')!;
  const shape = await shapeOf(flipped.bytes);
  expect(likeness(shape, mirrored)).toBeGreaterThan(0.1 + likeness(shape, turned));
});

it('makes the extended set', async () => {
  const { variants } = await render(photo, { settings: { extended: true } });
  const crop = variants.find(({ plan }) => plan.transform === 'central-crop')!;
  expect(variants).toHaveLength(12);
  expect(crop.width).toBeLessThan(256 * 0.86);
});

it.each([
  ['a small photo keeps its size', () => picture(90, 60).jpeg().toBuffer(), [90, 60]],
  ['a single pixel', () => picture(1, 1).png().toBuffer(), [1, 1]],
  ['a line', () => picture(300, 1).png().toBuffer(), [256, 1]],
  ['grey', () => picture(80, 60).greyscale().jpeg().toBuffer(), [80, 60]],
  ['transparent, on white', () => picture(80, 60).ensureAlpha(0.5).png().toBuffer(), [80, 60]],
  ['16 bits', () => picture(80, 60).toColourspace('rgb16').png().toBuffer(), [80, 60]],
  ['WebP', () => picture(80, 60).webp().toBuffer(), [80, 60]],
  ['lying on its side', () => picture(80, 60).withMetadata({ orientation: 6 }).jpeg().toBuffer(), [60, 80]],
])('renders %s', async (_, make, [width, height]) => {
  const { variants } = await render(await make(), { category: 'Carros', settings: { extended: true } });
  expect(variants.length).toBeGreaterThanOrEqual(9);
  expect(variants.filter(({ defect }) => defect)).toEqual([]);
  expect(variants.find(({ plan }) => plan.transform === 'brightness')).toMatchObject({ width, height });
});

it('keeps the full size when told to', async () => {
  const { variants } = await renderPhoto(photo, { sha256, category: 'x' }, { longSide: 0, jpegQuality: 90 });
  expect(variants.at(-1)).toMatchObject({ width: 400, height: 300 });
});

it('finds a photo out of focus, and leaves the extras out', async () => {
  const { badQuality, quality, variants } = await render(await picture(400, 300).blur(6).jpeg().toBuffer(), { category: 'Carros' });
  expect(badQuality).toBe(true);
  expect(quality.sharpness).toBeLessThan(10);
  expect(variants).toHaveLength(9);
});

it('measures the same whatever size is stored', async () => {
  const large = await picture(2000, 1500).jpeg({ quality: 95 }).toBuffer();
  const measures = await Promise.all([0, 1024, 320].map(async (longSide) => (await renderPhoto(large, { sha256, category: 'x' }, { longSide, jpegQuality: 90 })).quality));
  for (const { brightness, contrast } of measures) {
    expect(brightness).toBeCloseTo(measures[0]!.brightness, 0);
    expect(contrast).toBeCloseTo(measures[0]!.contrast, 0);
  }
});

it.each([
  ['text', () => Buffer.from('this is not a photo')],
  ['nothing', () => Buffer.alloc(0)],
  ['half a photo', () => photo.subarray(0, photo.length / 2)],
  ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
])('refuses %s', async (_, bytes) => {
  await expect(render(bytes())).rejects.toThrow(UndecodableError);
});
