import { PermanentError } from '@repo/kernel';
import type { Tensor } from '../ml/safetensors.js';
import type { KerasLayer } from './keras-layers.js';

/** Of every normalisation in Keras's mobilenet_v2.py. */
const epsilon = 1e-3;

/** The convolutions of mobilenet_v2.py in their order; each is followed by its normalisation. */
const convolutions = [
  'Conv1',
  'expanded_conv_depthwise',
  'expanded_conv_project',
  ...Array.from({ length: 16 }, (_, i) => ['expand', 'depthwise', 'project'].map((part) => `block_${i + 1}_${part}`)).flat(),
  'Conv_1',
];

/**
 * Folds each normalisation of MobileNetV2 into the convolution before it: what the network answers stays the same.
 * Layers are taken by their order, as Keras itself loads such files: the first ones it published name them otherwise
 * (`mobl1_conv_1_expand`). A top is left away.
 *
 * @param layers those with weights
 * @returns kernels and biases under Keras's present names. Throws PermanentError when this is no MobileNetV2.
 */
export function foldMobileNetV2(layers: readonly KerasLayer[]): Map<string, Tensor> {
  const expected = 2 * convolutions.length;
  const top = layers[expected];
  if (layers.length < expected || layers.length > expected + 1 || (top && top.weights[0]?.shape.length !== 2)) {
    throw new PermanentError(`MobileNetV2 has ${expected} layers with weights, this file has ${layers.length}`);
  }
  return new Map(convolutions.flatMap((name, i) => fold(name, layers[2 * i]!, layers[2 * i + 1]!)));
}

function fold(name: string, convolution: KerasLayer, normalisation: KerasLayer): [string, Tensor][] {
  const [kernel, ...more] = convolution.weights;
  const depthwise = name.endsWith('_depthwise');
  const channels = kernel?.shape[depthwise ? 2 : 3];
  if (!kernel || more.length > 0 || kernel.shape.length !== 4 || (depthwise && kernel.shape[3] !== 1)) {
    throw new PermanentError(`Layer ${convolution.name}, in the place of ${name}, is not that convolution: ${shapesOf(convolution)}`);
  }
  const [gamma, beta, mean, variance] = normalisation.weights;
  if (!gamma || !beta || !mean || !variance || normalisation.weights.some(({ shape }) => shape.join() !== `${channels}`)) {
    throw new PermanentError(`Layer ${normalisation.name}, after ${name}, does not normalise its ${channels} channels: ${shapesOf(normalisation)}`);
  }
  const scale = Float64Array.from(gamma.data, (value, i) => value / Math.sqrt(variance.data[i]! + epsilon));
  // The channel that is written runs fastest in both kinds of kernel.
  const data = kernel.data.map((weight, i) => weight * scale[i % scale.length]!);
  const bias = beta.data.map((value, i) => value - mean.data[i]! * scale[i]!);
  return [
    [`${name}/${depthwise ? 'depthwise_kernel' : 'kernel'}`, { shape: kernel.shape, data }],
    [`${name}/bias`, { shape: beta.shape, data: bias }],
  ];
}

function shapesOf({ weights }: KerasLayer): string {
  return weights.map(({ shape }) => shape.join(' x ')).join(', ');
}
