import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadedModel } from '@repo/recognition-domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBackbone } from './find-backbone.js';
import type { NetworkBackbone } from './network-backbone.js';
import { WorkerInferenceEngine } from './worker-inference-engine.js';

/** Optional test data beside the checkout. */
const data = fileURLToPath(new URL('../../../../../../shared/data/', import.meta.url));
const configured = path.join(data, 'backbone/mobilenet_v2_1.0_224_notop.safetensors');
const flowers = path.join(data, 'flowers');

describe.skipIf(!existsSync(configured) || !existsSync(flowers))('with weights learnt from ImageNet (else ../shared/data is not there)', () => {
  let backbone: NetworkBackbone;
  let engine: WorkerInferenceEngine;
  beforeAll(async () => {
    backbone = await findBackbone({ configured });
    engine = new WorkerInferenceEngine({ threads: 2, maxWaiting: 1000 });
  });
  afterAll(() => engine.close());

  /** The share of 12 photos of each kind whose most similar other photo is of the same kind. */
  async function nearestNeighbourAccuracy(model: LoadedModel): Promise<number> {
    const kinds = (await readdir(flowers, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const photos = (await Promise.all(kinds.map(async (kind) => (await readdir(path.join(flowers, kind))).sort().slice(0, 12).map((name) => ({ kind, file: path.join(flowers, kind, name) }))))).flat();
    const vectors = await Promise.all(photos.map(async ({ file }) => (await model.run(await readFile(file))).embedding));
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const right = photos.filter(({ kind }, i) => {
      const nearest = vectors.map((vector, other) => (other === i ? -1 : product(vector, vectors[i]!)));
      return photos[nearest.indexOf(Math.max(...nearest))]!.kind === kind;
    });
    return right.length / photos.length;
  }

  it('is the network it says it is', () => {
    expect(backbone.info).toMatchObject({ origin: 'configured', inputSize: 224, dimensions: 1280, licence: 'Apache-2.0' });
  });

  // 0.68 is what the weights reach by the word of those who made the file; other crops and padding give less.
  it('tells kinds of flowers apart', async () => {
    expect(await nearestNeighbourAccuracy(await engine.load(await backbone.onnx()))).toBeGreaterThanOrEqual(0.68);
  });

  it('loses little in 8 bits', async () => {
    expect(await nearestNeighbourAccuracy(await engine.load(await backbone.onnx('int8')))).toBeGreaterThanOrEqual(0.65);
  });
});
