import type { TrainedHead } from '@repo/recognition-domain';
import { addOutputs, convolutionAttributes, normalisedImage } from './backbone-graph.js';
import { weightsOutFirst, type Convolution, type ConvolutionalNetwork } from './convolutional-network.js';
import { OnnxGraph } from './onnx-graph.js';

/** Smallest and largest number that a value took on the calibration photos. */
export type ValueRange = readonly [lowest: number, highest: number];

/** A tensor of bytes: number = scale * (byte - zeroPoint). */
interface Quantised {
  readonly name: string;
  readonly scale: number;
}

/** The name of the picture as numbers; the other values have the names of their layers. */
const pictureName = 'normalised';

/** Every value of the network that is kept as bytes, in the order it is computed. */
export function quantisedValues(network: ConvolutionalNetwork): string[] {
  return [pictureName, ...network.blocks.flatMap(({ layers, residual }) => [
    ...layers.map(valueName),
    ...(residual ? [sumName(layers.at(-1)!)] : []),
  ])];
}

/**
 * The network in 8 bits: weights signed and per output channel, values unsigned, scales fixed from
 * calibration (static quantisation, ONNX QLinearConv). Inputs, outputs and head are those of the
 * network in full precision.
 *
 * @param ranges one for each of `quantisedValues`
 */
export function quantisedGraph(network: ConvolutionalNetwork, ranges: ReadonlyMap<string, ValueRange>, head?: TrainedHead): Buffer {
  const graph = new OnnxGraph('backbone_int8');
  const scaleOf = (name: string) => addScale(graph, name, ranges);

  const picture = normalisedImage(graph, network.inputSize);
  let value = scaleOf(picture);
  graph.node('QuantizeLinear', [picture, ...scaleNames(picture)], bytesName(picture));
  for (const { layers, residual } of network.blocks) {
    const entered = value;
    for (const layer of layers) {
      value = addConvolution(graph, layer, value, scaleOf(valueName(layer)));
    }
    if (residual) {
      const sum = scaleOf(sumName(layers.at(-1)!));
      const inputs = [entered, value].flatMap(({ name }) => [bytesName(name), ...scaleNames(name)]);
      graph.node('QLinearAdd', [...inputs, ...scaleNames(sum.name)], bytesName(sum.name), {}, 'com.microsoft');
      value = sum;
    }
  }
  const features = graph.node('DequantizeLinear', [bytesName(value.name), ...scaleNames(value.name)], 'features');
  addOutputs(graph, features, network.dimensions, head);
  return graph.encode();
}

const valueName = ({ name, relu6 }: Convolution) => (relu6 ? `${name}_relu6` : name);
const sumName = (last: Convolution) => `${valueName(last)}_add`;
const bytesName = (name: string) => `${name}_bytes`;
const scaleNames = (name: string) => [`${name}_scale`, `${name}_zero_point`];

/** Zero must have a byte of its own: the border around the picture is zeros. */
function addScale(graph: OnnxGraph, name: string, ranges: ReadonlyMap<string, ValueRange>): Quantised {
  const [lowest, highest] = ranges.get(name) ?? [0, 6];
  const low = Math.min(0, lowest);
  const scale = Math.max((Math.max(0, highest) - low) / 255, 1e-6);
  graph.scalar(`${name}_scale`, scale);
  graph.constant(`${name}_zero_point`, Uint8Array.of(Math.round(-low / scale)));
  return { name, scale };
}

/** QLinearConv clips to the range of its output, so ReLU6 needs no operation of its own. */
function addConvolution(graph: OnnxGraph, layer: Convolution, input: Quantised, output: Quantised): Quantised {
  const { name, channelsIn, channelsOut, depthwise, kernel } = layer;
  const { bytes, scales } = quantiseWeights(weightsOutFirst(layer), channelsOut);
  const bias = Int32Array.from(layer.bias, (number, channel) => Math.round(number / (scales[channel]! * input.scale)));
  graph.node(
    'QLinearConv',
    [
      bytesName(input.name), ...scaleNames(input.name),
      graph.constant(`${name}_weights`, bytes, [channelsOut, depthwise ? 1 : channelsIn, kernel, kernel]),
      graph.constant(`${name}_weight_scales`, scales, [channelsOut]),
      graph.constant(`${name}_weight_zero_points`, new Int8Array(channelsOut), [channelsOut]),
      ...scaleNames(output.name),
      graph.constant(`${name}_bias`, bias, [channelsOut]),
    ],
    bytesName(output.name),
    convolutionAttributes(layer),
  );
  return output;
}

function quantiseWeights(weights: Float32Array, channels: number): { bytes: Int8Array; scales: Float32Array } {
  const perChannel = weights.length / channels;
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const largest = weights.subarray(channel * perChannel, (channel + 1) * perChannel).reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    scales[channel] = Math.max(largest / 127, 1e-9);
  }
  return { bytes: Int8Array.from(weights, (weight, i) => Math.round(weight / scales[Math.floor(i / perChannel)]!)), scales };
}
