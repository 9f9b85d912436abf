import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { readFaissFlatFile, verifyModelFiles, type ModelFile, type TrainedHead } from '@repo/recognition-domain';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import hdf5, { type Dataset, type Group } from 'h5wasm/node';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawCalibrationPhotos } from './calibration-photos.js';
import { useTensorflow } from './tensorflow.js';
import { drawnBackbone } from './testing/drawn-backbone.js';
import { VersionFileBuilder } from './version-file-builder.js';

const backbone = drawnBackbone();
const { dimensions, inputSize } = backbone.info;
const head: TrainedHead = {
  labels: ['cars', 'coins', 'stamps'],
  weights: Float32Array.from({ length: dimensions * 3 }, (_, i) => Math.sin(i * 0.37) * 8),
  bias: Float32Array.of(0.1, -0.2, 0.3),
  temperature: 1.7,
};
const vector = Float32Array.from({ length: dimensions }, (_, i) => Math.cos(i) / Math.sqrt(dimensions / 2));
const row = { photoId: newId<PhotoId>(), itemId: newId<ItemId>(), ownerId: newId<UserId>(), vector };

let files: Map<string, ModelFile>;
let pixels: Uint8Array;

beforeAll(async () => {
  const built = await new VersionFileBuilder().build({ version: 'v20260102030405678', backbone, head, vectors: [row], metrics: { accuracy: 0.9 }, createdAt: new Date(0) });
  files = new Map(built.map((file) => [file.name, file]));
  [pixels] = drawCalibrationPhotos(inputSize, 1) as [Uint8Array];
  await useTensorflow('wasm');
});
afterAll(() => tf.disposeVariables());

async function servedProbabilities(): Promise<number[]> {
  const session = await InferenceSession.create(files.get('model.onnx')!.bytes);
  const { probabilities } = await session.run({ image: new Tensor('uint8', pixels, [1, inputSize, inputSize, 3]) });
  return [...(probabilities!.data as Float32Array)];
}

it('writes the manifest last, and every file as it says', async () => {
  expect([...files.keys()].at(-1)).toBe('manifest.json');
  const { manifest } = await verifyModelFiles('v20260102030405678', async (name) => files.get(name)?.bytes);
  expect(manifest).toMatchObject({ backbone: backbone.info.id, classes: 3, vectors: 1 });
});

it('says the same in TensorFlow.js as in the network that is served', async () => {
  const { modelTopology, weightsManifest } = JSON.parse(files.get('model.json')!.bytes.toString('utf8')) as { modelTopology: object; weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] };
  const model = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData: new Uint8Array(files.get('weights.bin')!.bytes).buffer }));
  const image = tf.tensor4d(Float32Array.from(pixels), [1, inputSize, inputSize, 3]);
  const probabilities = [...(model.predict(image) as tf.Tensor).dataSync()];
  const served = await servedProbabilities();
  expect(Math.max(...served)).toBeLessThan(0.999); // else any two networks would agree
  probabilities.forEach((probability, i) => expect(probability).toBeCloseTo(served[i]!, 5));
});

it('keeps every weight in the Keras file', async () => {
  await hdf5.ready;
  const folder = await mkdtemp(path.join(tmpdir(), 'h5-spec-'));
  await writeFile(path.join(folder, 'model.h5'), files.get('model.h5')!.bytes);
  const h5 = new hdf5.File(path.join(folder, 'model.h5'), 'r');
  const kernel = h5.get('model_weights/probabilities/probabilities/kernel:0') as Dataset;
  expect(kernel.shape).toEqual([2 * dimensions, 3]);
  const [row, column] = [2, 1];
  const weight = head.weights[row * 3 + column]! / head.temperature / Math.sqrt(dimensions);
  expect((kernel.value as Float32Array)[2 * row * 3 + column]).toBeCloseTo(weight, 5);
  const config = JSON.parse(h5.attrs['model_config']!.value as string) as { config: { layers: { name: string }[] } };
  expect((h5.get('model_weights') as Group).attrs['layer_names']!.value).toEqual(config.config.layers.map(({ name }) => name));
  h5.close();
  await rm(folder, { recursive: true });
});

it('keeps the vectors with their ids', () => {
  const { vectors } = readFaissFlatFile(files.get('embeddings.faiss')!.bytes);
  expect(vectors).toEqual([vector]);
  expect(JSON.parse(files.get('ids.json')!.bytes.toString())).toEqual([{ photoId: row.photoId, itemId: row.itemId, ownerId: row.ownerId }]);
});
