import type { TrainedHead } from '@repo/recognition-domain';
import { samePadding, weightsOutFirst, type Convolution, type ConvolutionalNetwork } from './convolutional-network.js';
import { OnnxGraph } from './onnx-graph.js';

/**
 * The network as ONNX: `image` uint8 [n, side, side, 3] -> `embedding` [n, dimensions] of length 1
 * and, with a head, `probabilities` [n, classes]. Pixels are normalised inside, to x / 127.5 - 1.
 */
export function backboneGraph(network: ConvolutionalNetwork, head?: TrainedHead): Buffer {
  const graph = new OnnxGraph('backbone');
  addOutputs(graph, addNetwork(graph, network), network.dimensions, head);
  return graph.encode();
}

/** The network up to its last feature maps; the values have the names of their layers. */
export function addNetwork(graph: OnnxGraph, network: ConvolutionalNetwork): string {
  let value = normalisedImage(graph, network.inputSize);
  const limits = [graph.scalar('zero', 0), graph.scalar('six', 6)];
  for (const { layers, residual } of network.blocks) {
    const entered = value;
    for (const layer of layers) {
      value = graph.node('Conv', [value, ...layerConstants(graph, layer)], layer.name, convolutionAttributes(layer));
      if (layer.relu6) {
        value = graph.node('Clip', [value, ...limits], `${layer.name}_relu6`);
      }
    }
    if (residual) {
      value = graph.node('Add', [entered, value], `${value}_add`);
    }
  }
  return value;
}

/** Bytes RGB, pixel by pixel, become numbers from -1 to 1, channel by channel. */
export function normalisedImage(graph: OnnxGraph, side: number): string {
  const image = graph.input('image', 'uint8', ['n', side, side, 3]);
  const planes = graph.node('Transpose', [image], 'planes', { perm: { integers: [0, 3, 1, 2] } });
  const numbers = graph.node('Cast', [planes], 'numbers', { to: { integer: 1 } });
  const scaled = graph.node('Mul', [numbers, graph.scalar('pixel_scale', 1 / 127.5)], 'scaled');
  return graph.node('Sub', [scaled, graph.scalar('one', 1)], 'normalised');
}

export function convolutionAttributes(layer: Convolution) {
  const { before, after } = samePadding(layer);
  return {
    kernel_shape: { integers: [layer.kernel, layer.kernel] },
    strides: { integers: [layer.stride, layer.stride] },
    pads: { integers: [before, before, after, after] },
    group: { integer: layer.depthwise ? layer.channelsIn : 1 },
  };
}

function layerConstants(graph: OnnxGraph, layer: Convolution): string[] {
  const { name, kernel, channelsIn, channelsOut, depthwise } = layer;
  return [
    graph.constant(`${name}_weights`, weightsOutFirst(layer), [channelsOut, depthwise ? 1 : channelsIn, kernel, kernel]),
    graph.constant(`${name}_bias`, layer.bias, [channelsOut]),
  ];
}

/** The average over all pixels, brought to length 1, and the head's softmax of it. */
export function addOutputs(graph: OnnxGraph, features: string, dimensions: number, head: TrainedHead | undefined): void {
  const average = graph.node('GlobalAveragePool', [features], 'average');
  const flat = graph.node('Flatten', [average], 'flat', { axis: { integer: 1 } });
  const embedding = graph.node('LpNormalization', [flat], 'embedding', { axis: { integer: 1 }, p: { integer: 2 } });
  graph.output(embedding, 'float32', ['n', dimensions]);
  if (!head) {
    return;
  }
  const classes = head.labels.length;
  // Dividing weights and bias by the temperature divides the logits.
  const weights = graph.constant('head_weights', head.weights.map((weight) => weight / head.temperature), [dimensions, classes]);
  const bias = graph.constant('head_bias', head.bias.map((value) => value / head.temperature), [classes]);
  const logits = graph.node('Gemm', [embedding, weights, bias], 'logits');
  graph.output(graph.node('Softmax', [logits], 'probabilities', { axis: { integer: 1 } }), 'float32', ['n', classes]);
}
