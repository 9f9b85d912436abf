import { seededRandom } from '@repo/kernel';
import hdf5, { type Group } from 'h5wasm';
import type { KerasLayer } from '../../weights/keras-layers.js';
import type { Safetensors, Tensor } from '../safetensors.js';

export interface KerasFileForm {
  /** As `model.save` writes it, not `model.save_weights`. */
  readonly wholeModel?: boolean;
  /** Other names for the layers, as the first published files have them. */
  readonly rename?: (layer: string) => string;
}

const weightNames: Record<number, readonly string[]> = { 1: ['kernel:0'], 2: ['kernel:0', 'bias:0'], 4: ['gamma:0', 'beta:0', 'moving_mean:0', 'moving_variance:0'] };

/** An HDF5 file as Keras 2 writes it: activations and other layers without weights stand between those with some. */
export async function writeKerasFile(layers: readonly KerasLayer[], { wholeModel = false, rename = (name) => name }: KerasFileForm = {}): Promise<Buffer> {
  const { FS } = await hdf5.ready;
  const h5 = new hdf5.File('written.h5', 'w');
  const root = wholeModel ? h5.create_group('model_weights') : h5;
  const names = layers.map(({ name }) => rename(name));
  root.create_attribute('layer_names', ['input_1', ...names.flatMap((name) => [name, `${name}_relu`])]);
  writeLayer(root, 'input_1', []);
  layers.forEach(({ weights }, i) => {
    writeLayer(root, names[i]!, weights);
    writeLayer(root, `${names[i]!}_relu`, []);
  });
  h5.flush();
  h5.close();
  return Buffer.from(FS.readFile('written.h5'));
}

function writeLayer(root: Group, layer: string, weights: readonly Tensor[]): void {
  const group = root.create_group(layer);
  if (weights.length === 0) {
    group.create_attribute('weight_names', new Float64Array(0), [0]); // numpy's empty list
    return;
  }
  const names = weightNames[weights.length]!;
  group.create_attribute('weight_names', names.map((name) => `${layer}/${name}`));
  const inner = group.create_group(layer);
  weights.forEach(({ shape, data }, i) => inner.create_dataset({ name: names[i]!, data, shape: [...shape], dtype: '<f4' }));
}

/**
 * The layers that Keras would have for a folded network: each convolution without its bias, and the normalisation that
 * gives the bias back. With a seed the normalisation scales and shifts besides, so that the network is another one.
 */
export function kerasLayers({ tensors }: Safetensors, seed?: number): KerasLayer[] {
  const random = seed === undefined ? undefined : seededRandom(seed);
  return [...tensors].filter(([name]) => !name.endsWith('/bias')).flatMap(([tensorName, kernel]) => {
    const name = tensorName.slice(0, tensorName.indexOf('/'));
    const bias = tensors.get(`${name}/bias`)!;
    const each = (value: () => number): Tensor => ({ shape: bias.shape, data: Float32Array.from(bias.data, value) });
    const normalisation: Tensor[] = random
      ? [each(() => 0.7 + 0.6 * random()), bias, each(() => 0.4 * (random() - 0.5)), each(() => 0.5 + random())]
      : [each(() => 1), bias, each(() => 0), each(() => 1 - 1e-3)];
    return [{ name, weights: [kernel] }, { name: normalisationName(name), weights: normalisation }];
  });
}

/** Keras's mobilenet_v2.py. */
function normalisationName(convolution: string): string {
  return { Conv1: 'bn_Conv1', Conv_1: 'Conv_1_bn' }[convolution] ?? `${convolution}_BN`;
}
