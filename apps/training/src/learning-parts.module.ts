import { availableParallelism } from 'node:os';
import { Global, Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, SystemClock } from '@repo/kernel';
import { findBackbone, HttpModelAnnouncer, HttpServedVersion, ServiceClient, TrainingThread, VersionFileBuilder, WorkerInferenceEngine } from '@repo/recognition-data-access';
import { Backbone, EngineStarter, ModelAnnouncer, ModelFileBuilder, ModelTrainer, ServedVersion, type InferenceEngine } from '@repo/recognition-domain';
import type { TrainingConfig } from './training-config.js';

/** The gate looks at a few rows. */
const ANNOUNCE_TIMEOUT_MS = 10_000;
const VERSION_TIMEOUT_MS = 1_000;
/** More than are ever sent at once. */
const MAX_WAITING = 1_000;
/** Each takes some 100 MB while photos are embedded; more than four would wait for the disk. */
const MAX_THREADS = 4;

/** The two services that training calls. */
const BACKEND = Symbol('backend');
const CLASSIFIER = Symbol('classifier');

export const networkThreads = Math.min(availableParallelism(), MAX_THREADS);

/** The network and the learning itself; nothing native is loaded before a training needs it. */
@Global()
@Module({})
export class LearningPartsModule implements OnApplicationShutdown {
  constructor(
    @Inject(BACKEND) private readonly backend: ServiceClient,
    @Inject(CLASSIFIER) private readonly classifier: ServiceClient,
  ) {}

  static forRoot(config: TrainingConfig): DynamicModule {
    const serviceToken = config.OC_SERVICE_TOKEN;
    const backend = { url: config.OC_BACKEND_URL, serviceToken, timeoutMs: ANNOUNCE_TIMEOUT_MS };
    const classifier = { url: config.OC_CLASSIFIER_URL, serviceToken, timeoutMs: VERSION_TIMEOUT_MS };
    return {
      module: LearningPartsModule,
      providers: [
        // The classifier finds the same one, and says so.
        { provide: Backbone, useFactory: () => findBackbone({ configured: config.OC_BACKBONE, dataFolder: config.OC_DATA_DIR }) },
        { provide: EngineStarter, useValue: { start: startEngine } satisfies EngineStarter },
        { provide: ModelTrainer, useFactory: () => new TrainingThread({ backend: config.OC_TRAINING_BACKEND }) },
        { provide: ModelFileBuilder, useFactory: () => new VersionFileBuilder() },
        { provide: BACKEND, useFactory: () => new ServiceClient(backend) },
        { provide: CLASSIFIER, useFactory: () => new ServiceClient(classifier) },
        { provide: ModelAnnouncer, useFactory: (client: ServiceClient) => new HttpModelAnnouncer(client), inject: [BACKEND] },
        { provide: ServedVersion, useFactory: (client: ServiceClient) => new HttpServedVersion(client), inject: [CLASSIFIER] },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [Backbone, EngineStarter, ModelTrainer, ModelFileBuilder, ModelAnnouncer, ServedVersion, Clock],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.backend.close(), this.classifier.close()]);
  }
}

async function startEngine(): Promise<InferenceEngine> {
  const logger = new Logger('InferenceEngine');
  return new WorkerInferenceEngine({
    threads: networkThreads,
    maxWaiting: MAX_WAITING,
    onThreadDeath: (cause) => logger.error({ msg: 'a thread of the network died and is replaced', err: cause }),
  });
}
