import { createHash } from 'node:crypto';
import { Clock, newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import {
  AugmentedVariants,
  Backbone,
  EmbeddingStore,
  EngineStarter,
  InferenceEngine,
  ModelAnnouncer,
  ModelFileBuilder,
  ModelMetricsStore,
  ModelTrainer,
  PhotoCatalogue,
  PhotoUndecodableError,
  ServedVersion,
  type LabelledPhoto,
  type LeftOutCategory,
  type ModelFilesInput,
  type ModelMetrics,
  type ModelState,
  type ModelVersion,
  type StoredVariant,
  type TrainingHooks,
  type TrainingParameters,
  type TrainingPhoto,
  type TrainingReport,
} from '@repo/recognition-domain';
import { ObjectStore, type Bucket } from '@repo/storage';

export class SettableClock extends Clock {
  at = Date.UTC(2026, 0, 1);
  now() {
    return new Date(this.at);
  }
}

/** A collection with its photos, variants and their objects. */
export class CollectionInMemory {
  readonly labelled: LabelledPhoto[] = [];
  readonly variants: StoredVariant[] = [];
  readonly unfinished = new Set<PhotoId>();
  readonly store = new StoreInMemory();

  async add(label: string, variants = 2): Promise<LabelledPhoto> {
    const photoId = newId<PhotoId>();
    const photo = {
      ...{ photoId, itemId: newId<ItemId>(), ownerId: newId<UserId>(), label, objectKey: `item/${photoId}.jpg`, createdAt: new Date(0) },
      sha256: await this.keep('original', `item/${photoId}.jpg`, `${label} ${photoId}`),
    };
    this.labelled.push(photo);
    for (let i = 0; i < variants; i += 1) {
      const objectKey = `training/${photoId}/${i}.jpg`;
      this.variants.push({ photoId, objectKey, sha256: await this.keep('processed', objectKey, `${label} ${photoId} ${i}`) });
    }
    return photo;
  }

  private async keep(bucket: Bucket, key: string, text: string): Promise<string> {
    return (await this.store.put(bucket, key, Buffer.from(text))).sha256;
  }

  get catalogue(): PhotoCatalogue {
    return {
      labelledPhotos: async () => this.labelled,
      photoIdsUntil: async () => this.labelled.map(({ photoId }) => photoId),
    } as Partial<PhotoCatalogue> as PhotoCatalogue;
  }

  get augmented(): AugmentedVariants {
    return {
      valid: async () => this.variants,
      unfinished: async (photoIds: readonly PhotoId[]) => photoIds.filter((photoId) => this.unfinished.has(photoId)),
    };
  }
}

export class StoreInMemory extends ObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** Of every object that `times` does not name. */
  modifiedAt = new Date(0);
  readonly times = new Map<string, Date>();

  async put(bucket: Bucket, key: string, body: Buffer) {
    this.objects.set(`${bucket} ${key}`, body);
    return { key, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), etag: '' };
  }
  async get(bucket: Bucket, key: string) {
    return this.objects.get(`${bucket} ${key}`);
  }
  async head() {
    return undefined;
  }
  async remove(bucket: Bucket, key: string) {
    this.objects.delete(`${bucket} ${key}`);
  }
  async *list(bucket: Bucket, prefix: string) {
    for (const [name, body] of this.objects) {
      if (name.startsWith(`${bucket} ${prefix}`)) {
        yield { key: name.slice(bucket.length + 1), bytes: body.length, modifiedAt: this.times.get(name) ?? this.modifiedAt };
      }
    }
  }
  async signedUrl() {
    return '';
  }
  async roundTrip() {}
}

export class EmbeddingsInMemory extends EmbeddingStore {
  readonly cache = new Map<string, Float32Array>();

  async *photos() {}
  async savePhoto() {}
  async removePhotos() {}
  async cached(_space: string, sha256s: readonly string[]) {
    return new Map([...this.cache].filter(([sha256]) => sha256s.includes(sha256)));
  }
  async saveCached(_space: string, vectors: readonly { sha256: string; vector: Float32Array }[]) {
    vectors.forEach(({ sha256, vector }) => this.cache.set(sha256, vector));
  }
  async pruneCache() {
    return 0;
  }
}

/** Counts what it runs; a text that begins with `unreadable` is no photo. */
export class ToyEngines extends EngineStarter {
  ran = 0;
  open = 0;
  beforeRun: () => unknown = () => {};

  async start(): Promise<InferenceEngine> {
    this.open += 1;
    return {
      load: async () => ({
        run: async (image: Buffer) => {
          await this.beforeRun();
          this.ran += 1;
          if (String(image).startsWith('unreadable')) {
            throw new PhotoUndecodableError('no photo');
          }
          return { embedding: Float32Array.of(image.length), probabilities: Float32Array.of(0.75, 0.25), stagesMs: { queue: 0, decode: 0, forward: 0 } };
        },
        unload: async () => {},
      }),
      close: async () => {
        this.open -= 1;
      },
    };
  }
}

export class ToyBackbone extends Backbone {
  readonly info = { id: 'net', origin: 'shipped' as const, dimensions: 1, inputSize: 224 };
  async onnx() {
    return Buffer.from('network');
  }
  async onnxWithHead() {
    return Buffer.from('network with head');
  }
}

/** Two epochs, then the report; refuses fewer than two classes. */
export class ToyTrainer extends ModelTrainer {
  trained: TrainingPhoto[][] = [];
  leftOut: LeftOutCategory[] = [];
  beforeTraining: (hooks: TrainingHooks) => void | Promise<void> = () => {};

  async train(photos: readonly TrainingPhoto[], parameters: TrainingParameters, hooks: TrainingHooks = {}): Promise<TrainingReport> {
    this.trained.push([...photos]);
    const labels = [...new Set(photos.map(({ label }) => label))];
    if (labels.length < 2) {
      return { outcome: 'refused', refusal: { code: 'TOO_FEW_CATEGORIES', message: 'At least 2 categories are needed, there is 1' } };
    }
    await this.beforeTraining(hooks);
    hooks.signal?.throwIfAborted();
    const history = [1, 2].map((epoch) => ({ epoch, epochs: 100, loss: 1 / epoch, accuracy: 0.5 * epoch, valLoss: 1 / epoch, valAccuracy: 0.4 * epoch }));
    history.forEach((epoch) => hooks.onEpoch?.(epoch));
    return {
      outcome: 'trained',
      head: { labels, weights: new Float32Array(labels.length), bias: new Float32Array(labels.length), temperature: 1 },
      metrics: {
        ...{ accuracy: 0.9, loss: 0.3, macroF1: 0.9, ece: 0.05, valAccuracy: 0.9, valLoss: 0.3, temperature: 1 },
        perClass: labels.map((label) => ({ label, precision: 0.9, recall: 0.9, f1: 0.9, support: 5 })),
        confusion: [],
      },
      lineage: {
        ...{ backend: 'toy', parameters, items: photos.length, variants: 0, leftOut: this.leftOut, bestEpoch: 2, refitted: false, durationMs: 1 },
        photos: { train: photos.length, validation: 0, test: 0 },
      },
      history,
      testPhotos: photos,
    };
  }
}

export class ToyBuilder extends ModelFileBuilder {
  inputs: ModelFilesInput[] = [];
  async build(input: ModelFilesInput) {
    this.inputs.push(input);
    return (['model.onnx', 'labels.json', 'manifest.json'] as const).map((name) => ({ name, contentType: 'application/json', bytes: Buffer.from(name) }));
  }
}

export class MetricsInMemory extends ModelMetricsStore {
  readonly rows = new Map<ModelVersion, ModelMetrics>();
  async save(metrics: ModelMetrics) {
    this.rows.set(metrics.version, metrics);
  }
  async get(version: ModelVersion) {
    return this.rows.get(version);
  }
  async getMany() {
    return [...this.rows.values()];
  }
  async scorecard() {
    return undefined;
  }
}

/** A classifier that serves at once what was announced last. */
export class ToyServedVersion extends ServedVersion {
  asked = 0;
  constructor(private readonly announcer: ToyAnnouncer) {
    super();
  }
  async now(): Promise<string | undefined> {
    this.asked += 1;
    return this.announcer.announced.at(-1);
  }
}

export class ToyAnnouncer extends ModelAnnouncer {
  announced: ModelVersion[] = [];
  answer: () => Promise<{ state: ModelState; reason: string | undefined }> = async () => ({ state: 'active', reason: 'better' });
  async announce(version: ModelVersion) {
    this.announced.push(version);
    return this.answer();
  }
}
