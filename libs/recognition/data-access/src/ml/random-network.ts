import { seededRandom } from '@repo/kernel';
import type { Convolution, ConvolutionalNetwork } from './convolutional-network.js';

/** Blurs while it halves the picture: 1 2 1 across and down. */
const binomial = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16);
const sobel = { across: [-1, 0, 1, -2, 0, 2, -1, 0, 1], down: [-1, -2, -1, 0, 0, 0, 1, 2, 1] };
/** Luma of ITU-R BT.601. */
const luma = [0.299, 0.587, 0.114];

const inputSize = 96;
const dimensions = 1280;

/**
 * A network without any learnt weight, so that the platform runs and its tests need no data: edges
 * and colours, blurred, mixed at random twice, averaged. On the five kinds of flowers the nearest
 * neighbour is right in 0.58 of all cases (chance 0.20, colour histograms 0.43, a MobileNetV2 of
 * random weights 0.37, one trained on ImageNet 0.80).
 */
export function randomNetwork(seed: number): ConvolutionalNetwork {
  const gaussian = gaussianNumbers(seed);
  const layers = [
    edgesAndColours(gaussian),
    blur('blur_1', 64, 48),
    mix('mix_1', 64, 256, 24, gaussian, { length: Math.SQRT2, bias: 0 }),
    texture(gaussian),
    blur('blur_2', 256, 12),
    mix('mix_2', 256, dimensions, 6, gaussian, { length: 4.5, bias: -1.5 }),
  ];
  return { inputSize, dimensions, blocks: [{ layers, residual: false }] };
}

/** 16 directions of brightness edges, 16 random edges of colour, 32 colours. */
function edgesAndColours(gaussian: () => number): Convolution {
  const filters: number[][] = []; // each 3 x 3 x 3: row, column, colour
  for (let direction = 0; direction < 16; direction += 1) {
    const angle = (direction / 16) * 2 * Math.PI;
    const edge = sobel.across.map((across, i) => (Math.cos(angle) * across + Math.sin(angle) * sobel.down[i]!) / 8);
    filters.push(edge.flatMap((weight) => luma.map((share) => 20 * weight * share)));
  }
  for (let i = 0; i < 16; i += 1) {
    const noise = Array.from({ length: 27 }, gaussian);
    filters.push(ofLength(noise.map((value, k) => value - meanOf(noise.filter((_, j) => j % 3 === k % 3))), 5));
  }
  for (let i = 0; i < 32; i += 1) {
    const colour = ofLength([gaussian(), gaussian(), gaussian()], 4);
    filters.push(binomial.flatMap((weight) => colour.map((share) => weight * share)));
  }
  const bias = filters.map((_, i) => (i < 32 ? 0 : 0.5 * gaussian()));
  return {
    name: 'edges_and_colours', depthwise: false, kernel: 3, stride: 2, relu6: true,
    channelsIn: 3, channelsOut: 64, sideIn: inputSize, sideOut: inputSize / 2,
    weights: filtersLast(filters), bias: Float32Array.from(bias),
  };
}

/** Half of the channels keep their average, half answer to patterns of their own. */
function texture(gaussian: () => number): Convolution {
  const patterns = Array.from({ length: 256 }, (_, channel) => {
    const noise = Array.from({ length: 9 }, gaussian);
    return channel < 128 ? ofLength(noise.map((value) => value - meanOf(noise)), 2) : binomial;
  });
  return { ...blur('texture', 256, 24), weights: filtersLast(patterns) };
}

function blur(name: string, channels: number, sideIn: number): Convolution {
  return {
    name, depthwise: true, kernel: 3, stride: 2, relu6: true,
    channelsIn: channels, channelsOut: channels, sideIn, sideOut: sideIn / 2,
    weights: filtersLast(Array.from({ length: channels }, () => binomial)), bias: new Float32Array(channels),
  };
}

/** Every output is a random direction in the space of the inputs, of the given length. */
function mix(
  name: string, channelsIn: number, channelsOut: number, side: number, gaussian: () => number,
  { length, bias }: { length: number; bias: number },
): Convolution {
  const directions = Array.from({ length: channelsOut }, () => ofLength(Array.from({ length: channelsIn }, gaussian), length));
  return {
    name, depthwise: false, kernel: 1, stride: 1, relu6: true, channelsIn, channelsOut, sideIn: side, sideOut: side,
    weights: filtersLast(directions), bias: new Float32Array(channelsOut).fill(bias),
  };
}

/** From one list a filter to Keras order, where the filter's number runs fastest. */
function filtersLast(filters: readonly (readonly number[])[]): Float32Array {
  const weights = filters[0]!.length;
  return Float32Array.from({ length: weights * filters.length }, (_, i) => filters[i % filters.length]![Math.floor(i / filters.length)]!);
}

function ofLength(vector: readonly number[], length: number): number[] {
  const scale = length / Math.hypot(...vector);
  return vector.map((value) => value * scale);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Normally distributed (Box and Muller). */
function gaussianNumbers(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
