import { Global, Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Cache } from '@repo/cache';
import { connectCache } from '@repo/cache/connect';
import { PhotoGate, ProcessPhotoGate } from '@repo/images';
import { Clock, SystemClock } from '@repo/kernel';
import { OutboxRelay } from '@repo/messaging';
import { HttpClassifier, ServiceClient } from '@repo/recognition-data-access';
import { Classifier } from '@repo/recognition-domain';
import type { BackendConfig } from './backend-config.js';

/** A photo takes some 30 ms; one that waits longer than this finds nobody at work. */
const CLASSIFIER_TIMEOUT_MS = 5_000;

/** The parts that are no database, queue or store: photo gate, classifier, cache, clock, and the relay of the outbox. */
@Global()
@Module({})
export class PartsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly gate: ProcessPhotoGate,
    private readonly classifier: ServiceClient,
    private readonly cache: Cache,
  ) {}

  static forRoot(config: BackendConfig): DynamicModule {
    const limits = { maxBytes: config.OC_UPLOAD_MAX_MB * 1_000_000, maxPixels: config.OC_UPLOAD_MAX_MEGAPIXELS * 1_000_000 };
    const classifier = { url: config.OC_CLASSIFIER_URL, serviceToken: config.OC_SERVICE_TOKEN, timeoutMs: CLASSIFIER_TIMEOUT_MS };
    return {
      module: PartsModule,
      providers: [
        { provide: ProcessPhotoGate, useFactory: () => new ProcessPhotoGate({ limits }) },
        { provide: PhotoGate, useExisting: ProcessPhotoGate },
        { provide: ServiceClient, useFactory: () => new ServiceClient(classifier) },
        { provide: Classifier, useFactory: (client: ServiceClient) => new HttpClassifier(client), inject: [ServiceClient] },
        { provide: Cache, useFactory: () => connectCache(config.CACHE_URL) },
        { provide: Clock, useClass: SystemClock },
        OutboxRelay,
      ],
      exports: [PhotoGate, Classifier, Cache, Clock, OutboxRelay],
    };
  }

  onApplicationBootstrap(): void {
    // Beside the start, not before it: a photo that comes first merely waits for it.
    this.gate.warmUp().catch(() => {}); // the photo that needs it is told why it can't be taken
  }

  async onApplicationShutdown(): Promise<void> {
    this.gate.close();
    await Promise.all([this.classifier.close(), this.cache.close()]);
  }
}
