import { PermanentError } from '@repo/kernel';
import { assembleMobileNetV2 } from '../ml/mobilenet-v2.js';
import { parseSafetensors, type Safetensors } from '../ml/safetensors.js';
import { foldMobileNetV2 } from './fold-mobilenet-v2.js';
import { readKerasLayers } from './keras-layers.js';

/** Every HDF5 file begins so (HDF5 file format specification, II.A). */
const hdf5Signature = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
/** Of Keras's usual file, in pixels; a file of weights does not say it itself. */
const kerasInputSize = '224';

/**
 * A MobileNetV2 in the form that the platform reads, from the file that Keras publishes (.h5) or from one of our own
 * (.safetensors). Throws PermanentError when it is neither, or the network is not whole.
 */
export async function convertWeights(file: Buffer): Promise<Safetensors> {
  const weights = file.subarray(0, hdf5Signature.length).equals(hdf5Signature)
    ? { tensors: foldMobileNetV2(await readKerasLayers(file)), metadata: { input_size: kerasInputSize } }
    : readOwn(file);
  assembleMobileNetV2(weights); // throws what is wrong with it
  return weights;
}

function readOwn(file: Buffer): Safetensors {
  try {
    return parseSafetensors(file);
  } catch (cause) {
    const beginning = file.toString('latin1', 0, 40).replace(/[^ -~]+/g, ' ').trim();
    throw new PermanentError(`It is neither Keras's weights (.h5) nor ours (.safetensors): ${file.length} bytes that begin with "${beginning}" (${(cause as Error).message})`, { cause });
  }
}
