import type { Tensor } from 'onnxruntime-node';
import { addNetwork } from './backbone-graph.js';
import type { ConvolutionalNetwork } from './convolutional-network.js';
import { OnnxGraph } from './onnx-graph.js';
import { quantisedValues, type ValueRange } from './quantised-graph.js';

/**
 * Runs the network in full precision and notes how far each value reaches.
 *
 * @param photos RGB bytes of the network's input size
 */
export async function calibrateRanges(network: ConvolutionalNetwork, photos: readonly Uint8Array[]): Promise<Map<string, ValueRange>> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node'); // only here, so that a backbone costs no memory for it
  const names = quantisedValues(network);
  const session = await InferenceSession.create(observedGraph(network, names), { intraOpNumThreads: 1, executionMode: 'sequential' });
  try {
    const ranges = new Map<string, ValueRange>();
    for (const photo of photos) {
      const side = network.inputSize;
      const seen = await session.run({ image: new Tensor('uint8', photo, [1, side, side, 3]) });
      for (const name of names) {
        const [lowest, highest] = ranges.get(name) ?? [0, 0];
        ranges.set(name, [Math.min(lowest, onlyNumber(seen[`${name}_lowest`])), Math.max(highest, onlyNumber(seen[`${name}_highest`]))]);
      }
    }
    return ranges;
  } finally {
    await session.release();
  }
}

function observedGraph(network: ConvolutionalNetwork, names: readonly string[]): Buffer {
  const graph = new OnnxGraph('observed_backbone');
  addNetwork(graph, network);
  for (const name of names) {
    graph.output(graph.node('ReduceMin', [name], `${name}_lowest`, { keepdims: { integer: 0 } }), 'float32', []);
    graph.output(graph.node('ReduceMax', [name], `${name}_highest`, { keepdims: { integer: 0 } }), 'float32', []);
  }
  return graph.encode();
}

function onlyNumber(tensor: Tensor | undefined): number {
  return (tensor?.data as Float32Array)[0]!;
}
