import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { builtFile, PermanentError, TemporaryError } from '@repo/kernel';
import { ModelFileBuilder, modelManifest, writeFaissFlatFile, type ModelFile, type ModelFileName, type ModelFilesInput, type TrainedHead } from '@repo/recognition-domain';
import type { ConvolutionalNetwork } from './convolutional-network.js';
import { NetworkBackbone } from './network-backbone.js';

export interface NetworkFilesOrder {
  readonly network: ConvolutionalNetwork;
  readonly head: TrainedHead;
}

/** What the thread answers: the files that hold the weights. */
export type NetworkFiles = Readonly<Record<'model.json' | 'weights.bin' | 'model.h5', Uint8Array>>;

const binary = 'application/octet-stream';
const json = 'application/json';

/** Writes a version from one set of weights: for the classifier, for TensorFlow.js and for Keras. */
export class VersionFileBuilder extends ModelFileBuilder {
  /** Throws PermanentError for a backbone that has no weights to write, TemporaryError when the writing thread dies. */
  async build({ version, backbone, head, vectors, metrics, createdAt }: ModelFilesInput): Promise<ModelFile[]> {
    if (!(backbone instanceof NetworkBackbone)) {
      throw new PermanentError(`The files of ${version} need a backbone whose weights are at hand`);
    }
    const network = await writeNetworkFiles({ network: backbone.network, head });
    const text = (value: object) => Buffer.from(JSON.stringify(value));
    const ids = vectors.map(({ photoId, itemId, ownerId }) => ({ photoId, itemId, ownerId }));
    const files: ModelFile[] = [
      file('model.onnx', binary, await backbone.onnxWithHead(head)),
      file('model-int8.onnx', binary, await backbone.onnxWithHead(head, 'int8')),
      file('model.json', json, Buffer.from(network['model.json'])),
      file('weights.bin', binary, Buffer.from(network['weights.bin'])),
      file('model.h5', 'application/x-hdf5', Buffer.from(network['model.h5'])),
      file('embeddings.faiss', binary, writeFaissFlatFile(vectors.map(({ vector }) => vector), backbone.info.dimensions)),
      file('ids.json', json, text(ids)),
      file('labels.json', json, text(head.labels)),
      file('metrics.json', json, text(metrics)),
    ];
    const about = { version, createdAt: createdAt.toISOString(), backbone: backbone.info.id, classes: head.labels.length, vectors: vectors.length };
    return [...files, file('manifest.json', json, text(modelManifest(about, files)))];
  }
}

function file(name: ModelFileName, contentType: string, bytes: Buffer): ModelFile {
  return { name, contentType, bytes };
}

/** In a thread: HDF5's library blocks for half a second and keeps its memory until the thread ends. */
async function writeNetworkFiles(order: NetworkFilesOrder): Promise<NetworkFiles> {
  const worker = new Worker(builtFile(import.meta.url, './network-files.worker.js'), { workerData: order, execArgv: [] });
  let files: NetworkFiles | undefined;
  worker.on('message', (answer: NetworkFiles) => (files = answer));
  await once(worker, 'exit'); // rejects with what the thread threw
  if (!files) {
    throw new TemporaryError('The thread that writes the model files ended without them');
  }
  return files;
}
