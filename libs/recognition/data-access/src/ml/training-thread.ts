import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { builtFile, TemporaryError } from '@repo/kernel';
import { ModelTrainer, type EpochReport, type TrainingHooks, type TrainingParameters, type TrainingPhoto, type TrainingReport } from '@repo/recognition-domain';
import type { TensorflowBackend } from './tensorflow.js';

export interface TrainingThreadOptions {
  readonly backend: TensorflowBackend | 'auto';
}

/** What the thread is started with. */
export interface TrainingOrder {
  readonly backend: TensorflowBackend | 'auto';
  readonly photos: readonly TrainingPhoto[];
  readonly parameters: TrainingParameters;
}

/** What it says while it works and at its end. */
export type TrainingNews = { readonly kind: 'epoch'; readonly epoch: EpochReport } | { readonly kind: 'report'; readonly report: TrainingReport };

/**
 * Trains in a thread of its own that ends with the training: TensorFlow.js and what it takes
 * (some 150 MB) are gone afterwards, and an abort ends it in the middle of an epoch.
 */
export class TrainingThread extends ModelTrainer {
  constructor(private readonly options: TrainingThreadOptions) {
    super();
  }

  /** Throws what `trainModel` throws, and TemporaryError when the thread ends without a report. */
  async train(photos: readonly TrainingPhoto[], parameters: TrainingParameters, { onEpoch, signal }: TrainingHooks = {}): Promise<TrainingReport> {
    signal?.throwIfAborted();
    const workerData: TrainingOrder = { backend: this.options.backend, photos, parameters };
    const worker = new Worker(builtFile(import.meta.url, './training.worker.js'), { workerData, execArgv: [] });
    const abort = () => void worker.terminate();
    signal?.addEventListener('abort', abort, { once: true });
    let report: TrainingReport | undefined;
    worker.on('message', (news: TrainingNews) => {
      if (news.kind === 'epoch') {
        onEpoch?.(news.epoch);
      } else {
        report = news.report;
      }
    });
    try {
      await once(worker, 'exit'); // rejects with what the thread threw
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    signal?.throwIfAborted();
    if (!report) {
      throw new TemporaryError('The training thread ended without a report');
    }
    return report;
  }
}
