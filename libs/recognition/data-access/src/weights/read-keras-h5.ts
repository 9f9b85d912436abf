import { PermanentError } from '@repo/kernel';
import hdf5, { type Group } from 'h5wasm';
import type { Tensor } from '../ml/safetensors.js';
import type { KerasLayer } from './keras-layers.js';

/** Of a whole file; MobileNetV2 1.4 with its top has 6.2 million. Guards against shapes that no memory holds. */
const mostNumbers = 16_000_000;

/**
 * As `load_weights_from_hdf5_group` of Keras 2 (hdf5_format.py) reads it: layers by the attribute `layer_names`, each
 * one's weights by `weight_names`; a whole saved model has them under `model_weights`. Loads HDF5's library: for a
 * thread that ends. Throws PermanentError.
 */
export async function readKerasH5(file: Uint8Array): Promise<KerasLayer[]> {
  const { FS } = await hdf5.ready;
  // Files in the library's own memory: a link inside it to another file leads nowhere.
  FS.writeFile('weights.h5', file);
  const h5 = new hdf5.File('weights.h5', 'r');
  if (h5.file_id < 0n) {
    throw new PermanentError('it is cut off or damaged');
  }
  const saved = h5.get('model_weights');
  const root = saved instanceof hdf5.Group ? saved : h5;
  const budget = { numbers: mostNumbers };
  return readNames(root, 'layer_names')
    .map((name) => ({ name, weights: readWeights(root, name, budget) }))
    .filter(({ weights }) => weights.length > 0);
}

function readWeights(root: Group, layer: string, budget: { numbers: number }): Tensor[] {
  const group = root.get(layer);
  if (!(group instanceof hdf5.Group)) {
    throw new PermanentError(`it names a layer ${layer} and does not hold it`);
  }
  return readNames(group, 'weight_names').map((name) => readTensor(group, name, budget));
}

function readTensor(group: Group, name: string, budget: { numbers: number }): Tensor {
  const dataset = group.get(name);
  if (!(dataset instanceof hdf5.Dataset) || !dataset.shape) {
    throw new PermanentError(`it names weights ${name} and does not hold them`);
  }
  const { shape } = dataset;
  budget.numbers -= shape.reduce((product, side) => product * side, 1);
  if (budget.numbers < 0) {
    throw new PermanentError(`it holds more than ${mostNumbers} numbers`);
  }
  const { value } = dataset;
  if (!(value instanceof Float32Array || value instanceof Float64Array)) {
    throw new PermanentError(`the weights ${name} are no floating-point numbers`);
  }
  return { shape, data: Float32Array.from(value) };
}

/** None where the attribute is absent or empty, as Keras leaves it for layers without weights. */
function readNames(group: Group, attribute: string): string[] {
  const names = Object.hasOwn(group.attrs, attribute) ? group.get_attribute(attribute, true) : [];
  return (Array.isArray(names) ? names : [names]).filter((name) => typeof name === 'string');
}
