import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { builtFile, PermanentError } from '@repo/kernel';
import type { Tensor } from '../ml/safetensors.js';

/** A layer that has weights, as Keras saved it. */
export interface KerasLayer {
  readonly name: string;
  /** In Keras's own order: a kernel; or gamma, beta, mean and variance of a normalisation. */
  readonly weights: readonly Tensor[];
}

/** The largest MobileNetV2 is read in two seconds. */
const usualLimitMs = 60_000;

/**
 * Reads the layers with weights from an HDF5 file of Keras 2, in the order of the network. In a thread, which can be
 * ended: HDF5's library keeps its memory, talks to stderr, and a forged file may keep it busy for ever.
 * Throws PermanentError saying why the file can't be read.
 */
export async function readKerasLayers(file: Buffer, limitMs = usualLimitMs): Promise<KerasLayer[]> {
  const worker = new Worker(builtFile(import.meta.url, './keras-h5.worker.js'), { workerData: new Uint8Array(file), execArgv: [], stdout: true, stderr: true });
  const timer = setTimeout(() => void worker.terminate(), limitMs);
  let layers: KerasLayer[] | undefined;
  worker.on('message', (answer: KerasLayer[]) => (layers = answer));
  try {
    await once(worker, 'exit');
  } catch (cause) {
    throw new PermanentError(`The Keras file can't be read: ${(cause as Error).message}`, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (!layers) {
    throw new PermanentError(`The Keras file can't be read: it was not done after ${limitMs / 1000} s`);
  }
  return layers;
}
