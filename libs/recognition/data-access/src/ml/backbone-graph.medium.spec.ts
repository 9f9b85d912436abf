import type { TrainedHead } from '@repo/recognition-domain';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, expect, it } from 'vitest';
import { backboneGraph } from './backbone-graph.js';
import { calibrateRanges } from './calibrate-ranges.js';
import { drawCalibrationPhotos } from './calibration-photos.js';
import type { ConvolutionalNetwork } from './convolutional-network.js';
import { kerasModel } from './keras-model.js';
import { assembleMobileNetV2 } from './mobilenet-v2.js';
import { quantisedGraph } from './quantised-graph.js';
import { useTensorflow } from './tensorflow.js';
import { drawMobileNetV2 } from './testing/draw-mobilenet-v2.js';
import { writeLayersModel } from './tfjs-layers-file.js';

const networks: [string, ConvolutionalNetwork][] = [
  ['MobileNetV2 of alpha 0.35 at 96 px', assembleMobileNetV2(drawMobileNetV2(0.35, 96))],
  // 100 px halves to odd sides, where padding is not the same on both ends.
  ['MobileNetV2 of alpha 0.5 at 100 px', assembleMobileNetV2(drawMobileNetV2(0.5, 100))],
];

const head: TrainedHead = {
  labels: ['cars', 'coins', 'stamps'],
  weights: Float32Array.from({ length: 1280 * 3 }, (_, i) => Math.sin(i * 0.37) * 4),
  bias: Float32Array.of(0.1, -0.2, 0.3),
  temperature: 1.7,
};

beforeAll(() => useTensorflow('wasm'));

async function run(onnx: Buffer, photos: readonly Uint8Array[], side: number): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(onnx, { intraOpNumThreads: 1 });
  const outputs = await session.run({ image: new Tensor('uint8', Buffer.concat(photos), [photos.length, side, side, 3]) });
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

const lengthOf = (vector: Float32Array) => Math.hypot(...vector);
const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0) / (lengthOf(a) * lengthOf(b));

it.each(networks)('computes what TensorFlow.js computes: %s', async (_, network) => {
  const side = network.inputSize;
  const [photo] = drawCalibrationPhotos(side, 1) as [Uint8Array];
  const { probabilities } = await run(backboneGraph(network, head), [photo], side);

  const { modelJson, weightsBin } = writeLayersModel(kerasModel(network, head));
  const { modelTopology, weightsManifest } = JSON.parse(modelJson.toString('utf8')) as { modelTopology: object; weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[] };
  const model = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData: new Uint8Array(weightsBin).buffer }));
  const expected = (model.predict(tf.tensor4d(Float32Array.from(photo), [1, side, side, 3])) as tf.Tensor).dataSync();

  expect(Math.max(...probabilities!)).toBeLessThan(0.99); // else any two networks would agree
  expected.forEach((value, i) => expect(probabilities![i]).toBeCloseTo(value, 4));
});

it.each(networks)('gives embeddings of length 1 that tell photos apart: %s', async (_, network) => {
  const photos = drawCalibrationPhotos(network.inputSize, 2);
  const { embedding } = await run(backboneGraph(network), photos, network.inputSize);
  expect(embedding).toHaveLength(2 * 1280);
  const [first, second] = [embedding!.subarray(0, 1280), embedding!.subarray(1280)];
  expect(lengthOf(first)).toBeCloseTo(1, 5);
  expect(lengthOf(second)).toBeCloseTo(1, 5);
  expect(cosine(first, second)).toBeLessThan(0.995);
});

it.each(networks)('stays close in 8 bits: %s', async (_, network) => {
  const side = network.inputSize;
  const [photo, ...others] = drawCalibrationPhotos(side, 9) as [Uint8Array, ...Uint8Array[]];
  const ranges = await calibrateRanges(network, others);
  const [full, bytes] = [backboneGraph(network, head), quantisedGraph(network, ranges, head)];
  expect(bytes.length).toBeLessThan(full.length / 2.5);
  const [expected, answered] = [await run(full, [photo], side), await run(bytes, [photo], side)];
  expect(cosine(answered.embedding!, expected.embedding!)).toBeGreaterThan(0.97);
  answered.probabilities!.forEach((probability, i) => expect(Math.abs(probability - expected.probabilities![i]!)).toBeLessThan(0.1));
});

it('answers black pictures with numbers', async () => {
  const { embedding } = await run(backboneGraph(networks[0]![1]), [new Uint8Array(96 * 96 * 3)], 96);
  expect(embedding!.every(Number.isFinite)).toBe(true);
});
