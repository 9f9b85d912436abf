import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findBackbone } from './find-backbone.js';
import { encodeSafetensors } from './safetensors.js';
import { drawMobileNetV2 } from './testing/draw-mobilenet-v2.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'backbones-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function writeWeights(name: string, inputSize = 96): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  const { tensors, metadata } = drawMobileNetV2(0.35, inputSize);
  await writeFile(file, encodeSafetensors({ tensors, metadata: { ...metadata, licence: 'Apache-2.0' } }));
  return file;
}

const places = () => ({ dataFolder: path.join(folder, 'data'), shippedFolder: path.join(folder, 'shipped') });

it('takes the configured file before all others', async () => {
  const configured = await writeWeights('mine.safetensors');
  await writeWeights('data/backbone/own.safetensors');
  const { info } = await findBackbone({ ...places(), configured });
  expect(info).toMatchObject({ origin: 'configured', path: configured, inputSize: 96, dimensions: 1280, licence: 'Apache-2.0' });
  expect(info.id).toMatch(/^mobilenetv2-96-[0-9a-f]{12}-cover$/);
});

it('takes the data folder before what is shipped', async () => {
  const own = await writeWeights('data/backbone/own.safetensors');
  await writeWeights('shipped/compact.safetensors');
  expect((await findBackbone(places())).info).toMatchObject({ origin: 'data folder', path: own });
});

it('takes what is shipped before random filters', async () => {
  const shipped = await writeWeights('shipped/compact.safetensors');
  expect((await findBackbone(places())).info).toMatchObject({ origin: 'shipped', path: shipped });
});

it('takes no weights that are still being written', async () => {
  await writeWeights('data/backbone/own.safetensors.part');
  expect((await findBackbone(places())).info.origin).toBe('random');
});

it('falls back to random filters, always the same', async () => {
  const [first, second] = [await findBackbone(places()), await findBackbone(places())];
  expect(first.info).toEqual({ id: 'random-96-seed1-cover', origin: 'random', dimensions: 1280, inputSize: 96 });
  expect(await first.onnx()).toEqual(await second.onnx());
});

it('gives other weights another id', async () => {
  const [small, large] = [await writeWeights('a.safetensors', 96), await writeWeights('b.safetensors', 128)];
  const ids = await Promise.all([small, large].map(async (configured) => (await findBackbone({ configured })).info.id));
  expect(ids[0]).not.toBe(ids[1]);
});

it.each([
  ['is missing', undefined, 'ENOENT'],
  ['is no safetensors file', Buffer.from('not at all'), 'Not a safetensors file'],
])('says which file it is when the configured one %s', async (_, bytes, why) => {
  const configured = path.join(folder, 'mine.safetensors');
  if (bytes) {
    await writeFile(configured, bytes);
  }
  await expect(findBackbone({ configured })).rejects.toThrow(`The backbone ${configured} can't be used: ${why}`);
});
