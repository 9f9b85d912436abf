import { seededRandom } from '@repo/kernel';
import type { HeadFitOptions, HeadTrainingSet } from '@repo/recognition-domain';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, vi } from 'vitest';
import { TensorflowHeadTrainer } from './tensorflow-head-trainer.js';

const dimensions = 16;
const classes = 3;
const options: HeadFitOptions = {
  dimensions, classes, epochs: 40, patience: 8, batchSize: 32, learningRate: 0.05, labelSmoothing: 0, weightDecay: 0, seed: 1,
};

/** Three clouds; `noise` above 1 makes them overlap. */
function cloud(rows: number, seed: number, noise = 0.3): HeadTrainingSet {
  const random = seededRandom(seed);
  const column = Int32Array.from({ length: rows }, (_, row) => row % classes);
  return {
    classes: column,
    weights: new Float32Array(rows).fill(1),
    features: Float32Array.from({ length: rows * dimensions }, (_, i) => (i % dimensions === column[Math.floor(i / dimensions)] ? 1 : 0) + noise * (random() - 0.5)),
  };
}

let trainer: TensorflowHeadTrainer;
beforeAll(async () => {
  const print = vi.spyOn(console, 'warn');
  trainer = await TensorflowHeadTrainer.create('auto');
  expect(print).not.toHaveBeenCalled();
});

it('takes the wasm backend where nothing faster is installed', () => {
  expect(['tfjs-node-gpu', 'tfjs-node', 'wasm']).toContain(trainer.backend);
});

it('learns to tell the classes apart', async () => {
  const { history, bestEpoch } = await trainer.fit(cloud(300, 1), cloud(60, 2), options);
  expect(history[0]!.epoch).toBe(1);
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss / 2);
  expect(history[bestEpoch - 1]!.valAccuracy).toBe(1);
});

it('reaches the minimum of a problem whose answer is known', async () => {
  // One feature that is always 1 and two classes, 3 : 1: the shares are what is learnt.
  const train: HeadTrainingSet = { features: new Float32Array(16 * 4).fill(1), classes: Int32Array.of(0, 0, 0, 1), weights: new Float32Array(4).fill(1) };
  const { weights, bias } = await trainer.fit(train, undefined, { ...options, classes: 2, epochs: 400 });
  const logit = (column: number) => bias[column]! + Array.from({ length: 16 }, (_, i) => weights[i * 2 + column]!).reduce((sum, weight) => sum + weight, 0);
  expect(logit(0) - logit(1)).toBeCloseTo(Math.log(3), 2);
});

it('counts a row as often as its weight says', async () => {
  const row = { features: new Float32Array(16 * 2).fill(1), classes: Int32Array.of(0, 1), weights: Float32Array.of(1.5, 0.5) };
  const { weights, bias } = await trainer.fit(row, undefined, { ...options, classes: 2, epochs: 400 });
  const logit = (column: number) => bias[column]! + Array.from({ length: 16 }, (_, i) => weights[i * 2 + column]!).reduce((sum, weight) => sum + weight, 0);
  expect(logit(0) - logit(1)).toBeCloseTo(Math.log(3), 2);
});

it('keeps the weights of the lowest validation loss and stops when it is patient no longer', async () => {
  // Validation classes that are not those of the cloud: every step makes it worse.
  const wrong = cloud(30, 3);
  wrong.classes.forEach((column, row) => (wrong.classes[row] = (column + 1) % classes));
  const { history, bestEpoch } = await trainer.fit(cloud(300, 1), wrong, { ...options, patience: 3 });
  expect(bestEpoch).toBe(1);
  expect(history).toHaveLength(4);
});

it('runs all epochs without a validation set', async () => {
  const { history, bestEpoch } = await trainer.fit(cloud(90, 1), undefined, { ...options, epochs: 12, patience: 2 });
  expect([history.length, bestEpoch]).toEqual([12, 12]);
  expect(history[11]!.valLoss).toBeUndefined();
});

it('gives the same weights for the same seed, and others for another', async () => {
  const fit = async (seed: number) => (await trainer.fit(cloud(200, 1, 2), undefined, { ...options, epochs: 5, seed })).weights;
  expect(await fit(1)).toEqual(await fit(1));
  expect(await fit(1)).not.toEqual(await fit(2));
});

it('shrinks weights by decay and confidence by smoothing', async () => {
  const size = (weights: Float32Array) => Math.hypot(...weights);
  const plain = size((await trainer.fit(cloud(200, 1), undefined, options)).weights);
  expect(size((await trainer.fit(cloud(200, 1), undefined, { ...options, weightDecay: 0.01 })).weights)).toBeLessThan(plain * 0.8);
  expect(size((await trainer.fit(cloud(200, 1), undefined, { ...options, labelSmoothing: 0.2 })).weights)).toBeLessThan(plain * 0.8);
});

it('leaves nothing in the memory of TensorFlow.js', async () => {
  const before = tf.memory().numTensors;
  await trainer.fit(cloud(90, 1), cloud(30, 2), { ...options, epochs: 3 });
  expect(tf.memory().numTensors).toBe(before);
});

it('stops when it is aborted', async () => {
  const abort = new AbortController();
  const training = trainer.fit(cloud(90, 1), undefined, { ...options, signal: abort.signal, onEpoch: ({ epoch }) => epoch === 3 && abort.abort(new Error('enough')) });
  await expect(training).rejects.toThrow('enough');
});

it('says so when the loss is not a number', async () => {
  const broken = cloud(90, 1);
  broken.features[40] = NaN;
  await expect(trainer.fit(broken, undefined, options)).rejects.toThrow('The loss of epoch 1 is not a number');
});
