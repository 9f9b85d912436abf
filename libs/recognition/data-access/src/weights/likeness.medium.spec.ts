import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawCalibrationPhotos } from '../ml/calibration-photos.js';
import { encodeSafetensors, type Safetensors, type Tensor } from '../ml/safetensors.js';
import { drawMobileNetV2 } from '../ml/testing/draw-mobilenet-v2.js';
import { leastLikeness, likenessToShipped } from './likeness.js';

const side = 96;
const shipped = drawMobileNetV2(0.35, side);

let folder: string;
let photos: Buffer[];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'likeness-'));
  await writeFile(path.join(folder, 'compact.safetensors'), encodeSafetensors(shipped));
  photos = await Promise.all(drawCalibrationPhotos(side, 4).map((pixels) => sharp(pixels, { raw: { width: side, height: side, channels: 3 } }).png().toBuffer()));
});
afterAll(() => rm(folder, { recursive: true }));

const withTensors = (change: (name: string, tensor: Tensor) => Tensor): Safetensors => ({
  ...shipped,
  tensors: new Map([...shipped.tensors].map(([name, tensor]) => [name, change(name, tensor)])),
});

it('is 1 for the same network', async () => {
  expect(await likenessToShipped(shipped, photos, folder)).toBeCloseTo(1, 5);
});

it('is small for a network that gives every photo the same answer, however common', async () => {
  const blind = withTensors((name, tensor) => (name === 'Conv1/kernel' ? { ...tensor, data: tensor.data.map((weight) => weight / 1e6) } : tensor));
  expect(Math.abs((await likenessToShipped(blind, photos, folder))!)).toBeLessThan(leastLikeness / 2);
});

it('is 0 for answers of another length', async () => {
  const shorter = withTensors((name, { shape, data }) => {
    const channels = 640;
    return name.startsWith('Conv_1/') ? { shape: [...shape.slice(0, -1), channels], data: data.filter((_, i) => i % 1280 < channels) } : { shape, data };
  });
  expect(await likenessToShipped(shorter, photos, folder)).toBe(0);
});

it('is unknown where no weights come with the platform', async () => {
  expect(await likenessToShipped(shipped, photos, path.join(folder, 'none'))).toBeUndefined();
});
