import sharp from 'sharp';
import { expect, it, vi } from 'vitest';
import type * as Transformations from './apply-transformation.js';
import { renderPhoto } from './render-photo.js';

const broken = vi.hoisted(() => ({ transform: '', fails: (): never => expect.fail() }));
vi.mock(import('./apply-transformation.js'), async (original) => {
  const real: typeof Transformations = await original();
  return { ...real, applyTransformation: (image, plan) => (plan.transform === broken.transform ? broken.fails() : real.applyTransformation(image, plan)) };
});

const photo = () => sharp({ create: { width: 300, height: 200, channels: 3, background: '#999', noise: { type: 'gaussian', mean: 128, sigma: 40 } } }).jpeg().toBuffer();

it.each<[string, string, () => never, string]>([
  ['a loop of ours', 'clahe', () => { throw new RangeError('offset is out of bounds'); }, 'RangeError: offset is out of bounds'],
  ['libvips', 'blur', () => { throw new Error('vips_conv: unable to allocate memory'); }, 'Error: vips_conv: unable to allocate memory'],
])('costs one variant, whoever fails: %s', async (_, transform, fails, failure) => {
  Object.assign(broken, { transform, fails });
  const { variants } = await renderPhoto(await photo(), { sha256: 'a'.repeat(64), category: 'Minerais' }, { longSide: 256, jpegQuality: 90 });
  expect(variants).toHaveLength(9);
  const [failed, ...others] = [...variants].sort((a, b) => a.bytes.length - b.bytes.length);
  expect(failed).toMatchObject({ plan: { transform }, bytes: Buffer.alloc(0), width: 256, height: 171, defect: 'transform_failed', failure });
  expect(others.every(({ bytes, defect, failure: none }) => bytes.length > 1_000 && defect === undefined && none === undefined)).toBe(true);
});
