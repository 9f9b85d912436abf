import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { encodeSafetensors } from '../ml/safetensors.js';
import { drawMobileNetV2 } from '../ml/testing/draw-mobilenet-v2.js';
import { openBackbone } from './open-backbone.js';

const log = { log: vi.fn(), warn: vi.fn(), error: vi.fn() };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'backbones-'));
  await writeFile(path.join(folder, 'some.safetensors'), encodeSafetensors(drawMobileNetV2(0.35, 96)));
  vi.clearAllMocks();
  Logger.overrideLogger(log);
});
afterEach(async () => {
  Logger.overrideLogger(false);
  await rm(folder, { recursive: true });
});

const weights = () => path.join(folder, 'some.safetensors');
const getFull = expect.stringContaining('npm run backbone -- pull, or set OC_BACKBONE to a file') as string;

it('says at once that the compact backbone serves, and how to get the full one', async () => {
  await openBackbone({ shippedFolder: folder });
  expect(log.log).toHaveBeenCalledWith(expect.objectContaining({ quality: 'compact', path: weights(), advice: getFull }), 'Backbone');
});

it('merely names a full one', async () => {
  await openBackbone({ configured: weights(), shippedFolder: folder });
  expect(log.log.mock.calls).toEqual([[{ msg: 'backbone', quality: 'full', id: expect.any(String), origin: 'configured', path: weights(), dimensions: 1280, inputSize: 96 }, 'Backbone']]);
});
