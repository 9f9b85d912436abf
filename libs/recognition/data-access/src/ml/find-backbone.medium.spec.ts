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

it('takes what is shipped where there is nothing else', async () => {
  const shipped = await writeWeights('shipped/compact.safetensors');
  expect((await findBackbone(places())).info).toMatchObject({ origin: 'shipped', path: shipped });
});

it('takes no weights that are still being written', async () => {
  await writeWeights('data/backbone/own.safetensors.part');
  await writeWeights('shipped/compact.safetensors');
  expect((await findBackbone(places())).info.origin).toBe('shipped');
});

it('says what to do where there is none at all', async () => {
  await expect(findBackbone(places())).rejects.toThrow(`The weights that come with the platform are missing in ${places().shippedFolder}. Fetch them with the source again, or set OC_BACKBONE to a file`);
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
