import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { PermanentError } from '@repo/kernel';
import * as tf from '@tensorflow/tfjs-core';

export type TensorflowBackend = 'tfjs-node-gpu' | 'tfjs-node' | 'wasm';

/** The fastest first. */
const backends: readonly TensorflowBackend[] = ['tfjs-node-gpu', 'tfjs-node', 'wasm'];

/**
 * Makes the first backend that loads the one TensorFlow.js computes with; the native ones are not
 * installed by default. Throws PermanentError when the wanted one, or none, loads.
 */
export async function useTensorflow(wanted: TensorflowBackend | 'auto'): Promise<TensorflowBackend> {
  const failures: unknown[] = [];
  for (const backend of wanted === 'auto' ? backends : [wanted]) {
    try {
      await (backend === 'wasm' ? useWasm() : useNative(backend));
      return backend;
    } catch (error) {
      failures.push(error); // an ordinary absence; the next one is tried
    }
  }
  throw new PermanentError(`TensorFlow.js can't compute here: ${wanted} doesn't load`, { cause: new AggregateError(failures) });
}

async function useNative(backend: 'tfjs-node-gpu' | 'tfjs-node'): Promise<void> {
  await import(`@tensorflow/${backend}`);
  await activate('tensorflow');
}

async function useWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(main)}/`); // without it, it would ask the network
  await activate('wasm');
}

async function activate(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) {
    throw new Error(`The backend ${name} doesn't start`);
  }
  await tf.ready();
}
