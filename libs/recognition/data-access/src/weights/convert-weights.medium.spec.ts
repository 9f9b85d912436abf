import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, expect, it } from 'vitest';
import { backboneGraph } from '../ml/backbone-graph.js';
import { drawCalibrationPhotos } from '../ml/calibration-photos.js';
import { assembleMobileNetV2 } from '../ml/mobilenet-v2.js';
import { encodeSafetensors, parseSafetensors, type Safetensors } from '../ml/safetensors.js';
import { useTensorflow } from '../ml/tensorflow.js';
import { drawMobileNetV2 } from '../ml/testing/draw-mobilenet-v2.js';
import { kerasLayers, writeKerasFile } from '../ml/testing/keras-file.js';
import { convertWeights } from './convert-weights.js';
import { readKerasLayers, type KerasLayer } from './keras-layers.js';

const side = 224;
const layers = kerasLayers(drawMobileNetV2(0.35, side), 3);
const photo = drawCalibrationPhotos(side, 3)[2]!;

beforeAll(() => useTensorflow('wasm'));

/** mobilenet_v2.py of Keras, layer by layer and with nothing folded, on one photo. */
function kerasEmbedding(): Float32Array {
  const next = layers.values();
  const weights = () => (next.next().value as KerasLayer).weights.map(({ shape, data }) => tf.tensor(data, [...shape]));
  const normalise = (x: tf.Tensor4D) => {
    const [gamma, beta, mean, variance] = weights() as tf.Tensor1D[];
    return tf.batchNorm4d(x, mean!, variance!, beta, gamma, 1e-3);
  };
  const convolve = (x: tf.Tensor4D, stride: number) => normalise(tf.conv2d(x, weights()[0] as tf.Tensor4D, stride, 'same'));
  const eachChannel = (x: tf.Tensor4D, stride: number) => relu6(normalise(tf.depthwiseConv2d(x, weights()[0] as tf.Tensor4D, stride, 'same')));
  const relu6 = (x: tf.Tensor4D) => tf.clipByValue(x, 0, 6);
  const block = (x: tf.Tensor4D, stride: number) => {
    const projected = convolve(eachChannel(relu6(convolve(x, 1)), stride), 1);
    return stride === 1 && x.shape[3] === projected.shape[3] ? tf.add(x, projected) as tf.Tensor4D : projected;
  };
  return tf.tidy(() => {
    let x = tf.sub(tf.div(tf.tensor4d(Float32Array.from(photo), [1, side, side, 3]), 127.5), 1) as tf.Tensor4D;
    x = convolve(eachChannel(relu6(convolve(x, 2)), 1), 1);
    for (const stride of [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]) {
      x = block(x, stride);
    }
    const embedding = tf.mean(relu6(convolve(x, 1)), [0, 1, 2]);
    return tf.div(embedding, tf.norm(embedding)).dataSync() as Float32Array;
  });
}

async function embeddingOf(weights: Safetensors): Promise<Float32Array> {
  const session = await InferenceSession.create(backboneGraph(assembleMobileNetV2(weights)), { intraOpNumThreads: 1 });
  const { embedding } = await session.run({ image: new Tensor('uint8', photo, [1, side, side, 3]) });
  return embedding!.data as Float32Array;
}

it('folds the normalisation so that the network answers as it does in Keras', async () => {
  const expected = kerasEmbedding();
  const embedding = await embeddingOf(await convertWeights(await writeKerasFile(layers)));
  expect(Math.max(...expected)).toBeGreaterThan(0.05); // the differences below are small beside it
  expect(Math.max(...expected.map((value, i) => Math.abs(value - embedding[i]!)))).toBeLessThan(1e-4);
});

const dense = (name: string): KerasLayer => ({ name, weights: [{ shape: [1280, 2], data: new Float32Array(2560) }, { shape: [2], data: new Float32Array(2) }] });

it.each([
  ['a whole saved model', { wholeModel: true }, layers],
  ['layers that are named otherwise', { rename: (name: string) => name.replace(/^block_(\d+)_(.*)_BN$/, 'bn$1_conv_$1_bn_$2').replace(/^block_(\d+)_/, 'mobl$1_conv_$1_') }, layers],
  ['a network with its top', {}, [...layers, dense('Logits')]],
])('reads %s alike', async (_, form, written) => {
  const usual = await convertWeights(await writeKerasFile(layers));
  expect(usual.metadata).toEqual({ input_size: '224' });
  expect(await convertWeights(await writeKerasFile(written, form))).toEqual(usual);
});

it('takes weights in our own form as they are', async () => {
  const own = drawMobileNetV2(0.35, 96);
  expect(await convertWeights(encodeSafetensors(own))).toEqual(parseSafetensors(encodeSafetensors(own)));
});

const changed = (index: number, change: (layer: KerasLayer) => KerasLayer) => layers.map((layer, i) => (i === index ? change(layer) : layer));
const withData = (layer: KerasLayer, position: number, value: number): KerasLayer => ({
  ...layer,
  weights: layer.weights.map((weight, i) => (i === position ? { ...weight, data: weight.data.map(() => value) } : weight)),
});

it.each<[string, () => Promise<Buffer>, string]>([
  ['a page', async () => Buffer.from('<!DOCTYPE html>\n<title>Sign in</title>'), 'neither Keras\'s weights (.h5) nor ours (.safetensors): 38 bytes that begin with "<!DOCTYPE html> <title>Sign in</title>"'],
  ['nothing', async () => Buffer.alloc(0), 'neither'],
  ['a file cut off', async () => (await writeKerasFile(layers)).subarray(0, 100_000), 'The Keras file can\'t be read: it is cut off or damaged'],
  ['more numbers than any such network has', () => writeKerasFile([{ name: 'vast', weights: [{ shape: [16_000_001], data: new Float32Array(16_000_001) }] }]), 'it holds more than 16000000 numbers'],
  ['another network', () => writeKerasFile(layers.slice(0, 40)), 'MobileNetV2 has 104 layers with weights, this file has 40'],
  ['a longer network', () => writeKerasFile([...layers, dense('Logits'), dense('more')]), 'this file has 106'],
  ['a last layer that is no top', () => writeKerasFile([...layers, { name: 'more', weights: layers[0]!.weights }]), 'this file has 105'],
  ['layers in another order', () => writeKerasFile([layers[1]!, layers[0]!, ...layers.slice(2)]), 'Layer bn_Conv1, in the place of Conv1, is not that convolution'],
  ['a normalisation of other channels', () => writeKerasFile(changed(1, () => layers[11]!).map((layer, i) => (i === 1 ? { ...layer, name: 'bn_Conv1' } : layer))), 'Layer bn_Conv1, after Conv1, does not normalise its 16 channels'],
  ['a negative variance', () => writeKerasFile(changed(5, (layer) => withData(layer, 3, -1))), 'Tensor expanded_conv_project/kernel of the backbone holds a number that isn\'t finite'],
  ['a number that is none', () => writeKerasFile(changed(8, (layer) => withData(layer, 0, NaN))), 'block_1_depthwise/depthwise_kernel'],
])('refuses %s', async (_, file, reason) => {
  await expect(convertWeights(await file())).rejects.toThrow(reason);
});

it('gives up on a file that keeps the reading thread busy', async () => {
  await expect(readKerasLayers(await writeKerasFile(layers), 5)).rejects.toThrow('it was not done after 0.005 s');
});
