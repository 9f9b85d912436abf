import { parentPort, workerData } from 'node:worker_threads';
import { trainModel } from '@repo/recognition-domain';
import { TensorflowHeadTrainer } from './tensorflow-head-trainer.js';
import type { TrainingNews, TrainingOrder } from './training-thread.js';

const { backend, photos, parameters } = workerData as TrainingOrder;
const say = (news: TrainingNews) => parentPort!.postMessage(news);

const trainer = await TensorflowHeadTrainer.create(backend);
const report = await trainModel(photos, parameters, trainer, { onEpoch: (epoch) => say({ kind: 'epoch', epoch }) });
say({ kind: 'report', report });
