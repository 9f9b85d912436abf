import { availableParallelism } from 'node:os';
import { Global, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Cache } from '@repo/cache';
import { MemoryCache } from '@repo/cache/memory';
import { Clock, SystemClock } from '@repo/kernel';
import { createSimilarityIndex, openBackbone, WorkerInferenceEngine } from '@repo/recognition-data-access';
import { Backbone, InferenceEngine, SimilarityIndexes } from '@repo/recognition-domain';
import type { ClassifierConfig } from './classifier-config.js';

/** The network's threads, its weights and the search. */
@Global()
@Module({})
export class NetworkModule implements OnApplicationShutdown {
  constructor(private readonly engine: InferenceEngine) {}

  static forRoot(config: ClassifierConfig): DynamicModule {
    const providers = [
      { provide: Backbone, useFactory: () => openBackbone({ configured: config.OC_BACKBONE, dataFolder: config.OC_DATA_DIR }) },
      { provide: InferenceEngine, useFactory: () => startEngine(config) },
      { provide: SimilarityIndexes, useValue: { create: () => createSimilarityIndex(config.OC_CLASSIFIER_INDEX) } satisfies SimilarityIndexes },
      { provide: Clock, useClass: SystemClock },
      { provide: Cache, useClass: MemoryCache },
    ];
    return { module: NetworkModule, providers, exports: providers.map(({ provide }) => provide) };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.close();
  }
}

function startEngine({ OC_CLASSIFIER_THREADS, OC_CLASSIFIER_QUEUE }: ClassifierConfig): InferenceEngine {
  const logger = new Logger('InferenceEngine');
  return new WorkerInferenceEngine({
    threads: OC_CLASSIFIER_THREADS || availableParallelism(),
    maxWaiting: OC_CLASSIFIER_QUEUE,
    onThreadDeath: (cause) => logger.error({ msg: 'a thread of the network died and is replaced', err: cause }),
  });
}
