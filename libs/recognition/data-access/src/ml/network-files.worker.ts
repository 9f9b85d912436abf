import { parentPort, workerData } from 'node:worker_threads';
import { writeKerasH5 } from './keras-h5-file.js';
import { kerasModel } from './keras-model.js';
import { writeLayersModel } from './tfjs-layers-file.js';
import type { NetworkFiles, NetworkFilesOrder } from './version-file-builder.js';

const { network, head } = workerData as NetworkFilesOrder;
const model = kerasModel(network, head);
const { modelJson, weightsBin } = writeLayersModel(model);
const files: NetworkFiles = { 'model.json': modelJson, 'weights.bin': weightsBin, 'model.h5': await writeKerasH5(model) };
parentPort!.postMessage(files);
