import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KerasModel } from './keras-model.js';

/**
 * `model.h5` as Keras 2 writes it (hdf5_format.py): the configuration as an attribute, the weights
 * under `model_weights/{layer}/{layer}/{name}:0`. Loads h5wasm, some 50 MB: for a thread that ends.
 */
export async function writeKerasH5({ config, layers, weights }: KerasModel): Promise<Buffer> {
  const { default: hdf5 } = await import('h5wasm/node');
  await hdf5.ready;
  const folder = await mkdtemp(path.join(tmpdir(), 'ocolecionador-h5-'));
  try {
    const file = path.join(folder, 'model.h5');
    const h5 = new hdf5.File(file, 'w');
    const about = { keras_version: '2.15.0', backend: 'tensorflow' };
    Object.entries({ ...about, model_config: JSON.stringify(config) }).forEach(([name, value]) => h5.create_attribute(name, value));
    const root = h5.create_group('model_weights');
    Object.entries({ ...about, layer_names: [...layers] }).forEach(([name, value]) => root.create_attribute(name, value));
    for (const layer of layers) {
      const group = root.create_group(layer);
      const own = weights.filter((weight) => weight.layer === layer);
      if (own.length === 0) {
        continue;
      }
      group.create_attribute('weight_names', own.map(({ name }) => `${layer}/${name}:0`));
      const inner = group.create_group(layer);
      own.forEach(({ name, shape, values }) => inner.create_dataset({ name: `${name}:0`, data: values, shape: [...shape], dtype: '<f4' }));
    }
    h5.flush();
    h5.close();
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
