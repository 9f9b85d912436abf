import type { KerasModel } from './keras-model.js';

/** `model.json` of TensorFlow.js's layers format, and the one file of weights it names. */
export function writeLayersModel({ config, weights }: KerasModel): { modelJson: Buffer; weightsBin: Buffer } {
  const modelJson = {
    format: 'layers-model',
    generatedBy: 'OColecionador',
    convertedBy: null,
    modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: config },
    weightsManifest: [
      { paths: ['weights.bin'], weights: weights.map(({ layer, name, shape }) => ({ name: `${layer}/${name}`, shape, dtype: 'float32' })) },
    ],
  };
  return {
    modelJson: Buffer.from(JSON.stringify(modelJson)),
    weightsBin: Buffer.concat(weights.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength))),
  };
}
