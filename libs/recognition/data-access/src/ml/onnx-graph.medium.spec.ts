import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { OnnxGraph } from './onnx-graph.js';

/** y = x · weights + bias, for any number of rows. */
function linear(): OnnxGraph {
  const graph = new OnnxGraph('linear');
  graph.input('x', 'float32', ['rows', 2]);
  graph.constant('weights', Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  graph.constant('bias', Float32Array.of(10, 20, 30), [3]);
  graph.output(graph.node('Gemm', ['x', 'weights', 'bias'], 'y', { alpha: { float: 0.5 } }), 'float32', ['rows', 3]);
  return graph;
}

it('writes a model that onnxruntime loads and runs', async () => {
  const session = await InferenceSession.create(linear().encode());
  expect([session.inputNames, session.outputNames]).toEqual([['x'], ['y']]);
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(2, 0, 0, 2), [2, 2]) });
  expect(y!.dims).toEqual([2, 3]);
  expect([...(y!.data as Float32Array)]).toEqual([11, 22, 33, 14, 25, 36]);
});

it('writes every kind of constant and attribute', async () => {
  const graph = new OnnxGraph('kinds');
  graph.input('bytes', 'uint8', [1, 2, 3]);
  const turned = graph.node('Transpose', ['bytes'], 'turned', { perm: { integers: [2, 0, 1] } });
  const widened = graph.node('Cast', [turned], 'widened', { to: { integer: 1 } });
  const indices = graph.constant('indices', BigInt64Array.of(2n, 0n), [2]);
  graph.output(graph.node('Gather', [widened, indices], 'chosen', { axis: { integer: 0 } }), 'float32', [2, 1, 2]);
  graph.constant('signed', Int8Array.of(-3), [1]);
  graph.output(graph.node('DequantizeLinear', ['signed', graph.scalar('scale', 0.5)], 'number'), 'float32', [1]);
  graph.output(graph.node('Neg', [graph.constant('whole', Int32Array.of(-7), [1])], 'seven'), 'int32', [1]);
  const session = await InferenceSession.create(graph.encode());
  const { chosen, number, seven } = await session.run({ bytes: new Tensor('uint8', Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]) });
  expect([...(chosen!.data as Float32Array)]).toEqual([3, 6, 1, 4]);
  expect([...(number!.data as Float32Array)]).toEqual([-1.5]);
  expect([...(seven!.data as Int32Array)]).toEqual([7]);
});
