import { parentPort, workerData } from 'node:worker_threads';
import { readKerasH5 } from './read-keras-h5.js';

parentPort!.postMessage(await readKerasH5(workerData as Uint8Array));
