import { Clock, newId } from '@repo/kernel';
import { ErrorReporter } from '@repo/observability';
import {
  Backbone,
  modelFolder,
  modelManifest,
  ModelRegistry,
  newModelVersion,
  type ModelFile,
  type ModelFileName,
  type ModelVersion,
  type RegisteredModel,
} from '@repo/recognition-domain';
import { ClassifyService } from '../classify.service.js';
import { ModelFileCache } from '../model-file-cache.js';
import { ModelKeeper } from '../model-keeper.js';
import { ModelLoader } from '../model-loader.js';
import { PhotoIndexes } from '../photo-indexes.js';
import { Serving } from '../serving.js';
import { CatalogueInMemory, EmbeddingsInMemory, IndexesInMemory } from './collection-in-memory.js';
import { StoreInMemory } from './store-in-memory.js';
import { ToyEngine } from './toy-engine.js';

/** Knows the active version alone. */
class ActiveVersion extends ModelRegistry {
  version: ModelVersion | undefined;

  override async active(): Promise<RegisteredModel | undefined> {
    return this.version && ({ version: this.version } as RegisteredModel);
  }
  override register = notCalled;
  override list = notCalled;
  override get = notCalled;
  override activate = notCalled;
  override turnDown = notCalled;
  override remove = notCalled;
}

class ToyBackbone extends Backbone {
  readonly info = { id: 'net', origin: 'shipped' as const, dimensions: 2, inputSize: 224 };
  override async onnx(): Promise<Buffer> {
    return Buffer.from('{}');
  }
  override onnxWithHead = notCalled;
}

class Reports extends ErrorReporter {
  readonly messages: string[] = [];
  override report(error: unknown): void {
    this.messages.push((error as Error).message);
  }
}

class StandingClock extends Clock {
  at = 0;
  override now(): Date {
    return new Date(this.at);
  }
}

function notCalled(): never {
  throw new Error('not part of this test');
}

export interface ToyVersion {
  probabilities?: number[];
  /** What the manifest's record says that the network answered when it was made. */
  warmUp?: number[];
  labels?: string[];
  backbone?: string;
  /** Radians by which its network turns every vector. */
  turn?: number;
}

/** Everything that serves versions, with toy networks and a real folder for the files that are kept. */
export class ClassifierInMemory {
  readonly registry = new ActiveVersion();
  readonly reports = new Reports();
  readonly clock = new StandingClock();
  readonly engine = new ToyEngine();
  readonly catalogue = new CatalogueInMemory();
  readonly embeddings = new EmbeddingsInMemory();
  readonly serving = new Serving();
  readonly keeper: ModelKeeper;
  readonly service: ClassifyService;
  private made = 0;

  constructor(
    cacheFolder: string,
    readonly store = new StoreInMemory(),
  ) {
    const settings = { cacheFolder, precision: 'fp32' as const };
    const loader = new ModelLoader(new ModelFileCache(store, settings), this.engine, new ToyBackbone(), settings);
    const indexes = new PhotoIndexes(new IndexesInMemory(), this.catalogue, this.embeddings, store);
    this.keeper = new ModelKeeper(this.registry, loader, indexes, this.serving, this.reports, this.clock);
    this.service = new ClassifyService(store, this.serving, this.catalogue);
  }

  /** Stores a version whose toy network answers `probabilities`. */
  async makeVersion({ probabilities = [0.9, 0.1], warmUp = probabilities, labels = ['selos', 'moedas'], backbone = 'net', turn }: ToyVersion = {}): Promise<ModelVersion> {
    const version = newModelVersion(new Date(Date.UTC(2026, 0, 1, 0, 0, (this.made += 1))), newId());
    const json = (name: ModelFileName, value: unknown): ModelFile => ({ name, contentType: 'application/json', bytes: Buffer.from(JSON.stringify(value)) });
    const files = [
      json('model.onnx', { probabilities, turn, made: this.made }),
      json('labels.json', labels),
      json('metrics.json', { warmUp: { probabilities: [warmUp, warmUp, warmUp] } }),
      json('embeddings.faiss', { vectorsOf: version }),
    ];
    const about = { version, createdAt: '2026-01-01T00:00:00Z', backbone, classes: labels.length, vectors: 0 };
    for (const { name, bytes } of [...files, json('manifest.json', modelManifest(about, files))]) {
      await this.store.put('models', `${modelFolder(version)}/${name}`, bytes);
    }
    return version;
  }
}
