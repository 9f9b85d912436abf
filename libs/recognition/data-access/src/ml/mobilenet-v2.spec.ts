import { expect, it } from 'vitest';
import { samePadding, weightsOutFirst } from './convolutional-network.js';
import { assembleMobileNetV2 } from './mobilenet-v2.js';
import { drawMobileNetV2 } from './testing/draw-mobilenet-v2.js';

const layersOf = (network: ReturnType<typeof assembleMobileNetV2>) => network.blocks.flatMap(({ layers }) => layers);

it.each([
  { alpha: 1, size: 224, stem: 32, sides: [112, 56, 28, 14, 7] },
  { alpha: 0.5, size: 128, stem: 16, sides: [64, 32, 16, 8, 4] },
  { alpha: 0.35, size: 96, stem: 16, sides: [48, 24, 12, 6, 3] },
])('reads width and sides of alpha $alpha at $size px from the file', ({ alpha, size, stem, sides }) => {
  const network = assembleMobileNetV2(drawMobileNetV2(alpha, size));
  const layers = layersOf(network);
  expect(network).toMatchObject({ inputSize: size, dimensions: 1280 });
  expect(layers).toHaveLength(52);
  expect(layers[0]!.channelsOut).toBe(stem);
  expect([...new Set(layers.map(({ sideOut }) => sideOut))]).toEqual(sides);
  expect(network.blocks.filter(({ residual }) => residual)).toHaveLength(10);
  expect(layers.filter(({ relu6 }) => !relu6).every(({ name }) => name.endsWith('_project'))).toBe(true);
});

const weights = drawMobileNetV2(0.35, 96);
const changed = (name: string, change: (tensor: { shape: readonly number[]; data: Float32Array }) => object | undefined) => {
  const tensors = new Map(weights.tensors);
  const tensor = change(tensors.get(name)!);
  if (tensor) {
    tensors.set(name, tensor as never);
  } else {
    tensors.delete(name);
  }
  return { ...weights, tensors };
};

it.each([
  ['no last layer', changed('Conv_1/bias', () => undefined), 'no tensor Conv_1/bias'],
  ['a bias of another length', changed('Conv1/bias', () => ({ shape: [3], data: new Float32Array(3) })), 'Layer Conv1 takes 3 channels'],
  ['a layer that does not fit the one before', changed('block_2_expand/kernel', ({ data }) => ({ shape: [1, 1, 4, data.length / 4], data })), 'Layer block_2_expand takes 8 channels'],
  ['an oblong filter', changed('block_1_depthwise/depthwise_kernel', ({ data }) => ({ shape: [1, 9, 48, 1], data })), 'Layer block_1_depthwise'],
  ['a number that is not finite', changed('Conv1/kernel', ({ shape, data }) => ({ shape, data: data.map((_, i) => (i === 5 ? NaN : 0)) })), 'Tensor Conv1/kernel'],
  ['an odd input size', { ...weights, metadata: { input_size: 'large' } }, 'must be 32 to 1024 pixels, got "large"'],
])('refuses %s', (_, file, message) => {
  expect(() => assembleMobileNetV2(file)).toThrow(message);
});

// tensorflow.org/api_docs/python/tf/nn, "SAME" padding.
it.each([
  [{ kernel: 3, stride: 1, sideIn: 7, sideOut: 7 }, { before: 1, after: 1 }],
  [{ kernel: 3, stride: 2, sideIn: 224, sideOut: 112 }, { before: 0, after: 1 }],
  [{ kernel: 3, stride: 2, sideIn: 7, sideOut: 4 }, { before: 1, after: 1 }],
  [{ kernel: 1, stride: 1, sideIn: 7, sideOut: 7 }, { before: 0, after: 0 }],
])('pads %j as TensorFlow does', (layer, expected) => {
  expect(samePadding(layer as never)).toEqual(expected);
});

it('orders the weights as ONNX wants them', () => {
  // Each number says where it belongs: pixel, channel in, channel out.
  const weights = Float32Array.from({ length: 4 * 2 * 3 }, (_, i) => Math.floor(i / 6) * 100 + (Math.floor(i / 3) % 2) * 10 + (i % 3));
  const ordered = weightsOutFirst({ kernel: 2, channelsIn: 2, channelsOut: 3, depthwise: false, weights } as never);
  expect([...ordered].slice(0, 8)).toEqual([0, 100, 200, 300, 10, 110, 210, 310]);
  expect([...ordered].slice(8, 12)).toEqual([1, 101, 201, 301]);
});

it('orders the weights of a depthwise layer channel by channel', () => {
  const weights = Float32Array.from({ length: 4 * 3 }, (_, i) => Math.floor(i / 3) * 100 + (i % 3));
  const ordered = weightsOutFirst({ kernel: 2, channelsIn: 3, channelsOut: 3, depthwise: true, weights } as never);
  expect([...ordered]).toEqual([0, 100, 200, 300, 1, 101, 201, 301, 2, 102, 202, 302]);
});
