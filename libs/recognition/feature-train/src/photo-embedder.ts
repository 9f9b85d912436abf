import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Backbone, embeddingSpace, EmbeddingStore, EngineStarter, PhotoUndecodableError, type LoadedModel } from '@repo/recognition-domain';
import { ObjectStore, type Bucket } from '@repo/storage';
import { inParallel } from './in-parallel.js';
import { TrainingSettings } from './training-settings.js';

/** A stored photo or variant. */
export interface StoredImage {
  readonly bucket: Extract<Bucket, 'original' | 'processed'>;
  readonly key: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface EmbeddingHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (embedded: number, images: number) => void;
}

interface CachedVector {
  readonly sha256: string;
  readonly vector: Float32Array;
}

/** Vectors are cached in lots of this many: what a killed run may lose. */
const LOT = 64;

/** Embeds what was never embedded; the network is in memory only meanwhile. */
@Injectable()
export class PhotoEmbedder {
  private readonly logger = new Logger(PhotoEmbedder.name);

  constructor(
    private readonly store: ObjectStore,
    private readonly embeddings: EmbeddingStore,
    private readonly engines: EngineStarter,
    private readonly backbone: Backbone,
    private readonly settings: TrainingSettings,
  ) {}

  /**
   * Vectors by checksum. Images that are gone, changed or unreadable are left out.
   * Throws the signal's reason, TemporaryError when storage or database don't answer.
   */
  async embed(images: readonly StoredImage[], { signal, onProgress }: EmbeddingHooks): Promise<Map<string, Float32Array>> {
    const space = embeddingSpace(this.backbone.info, 'fp32');
    const byChecksum = new Map(images.map((image) => [image.sha256, image]));
    const vectors = await this.embeddings.cached(space, [...byChecksum.keys()]);
    const missing = [...byChecksum.values()].filter(({ sha256 }) => !vectors.has(sha256));
    const report = (embedded: number) => onProgress(byChecksum.size - missing.length + embedded, byChecksum.size);
    report(0);
    if (missing.length > 0) {
      for await (const lot of this.embedInLots(missing, signal, report)) {
        await this.embeddings.saveCached(space, lot);
        lot.forEach(({ sha256, vector }) => vectors.set(sha256, vector));
      }
    }
    return vectors;
  }

  private async *embedInLots(images: readonly StoredImage[], signal: AbortSignal, report: (embedded: number) => void): AsyncIterable<CachedVector[]> {
    const engine = await this.engines.start();
    try {
      const model = await engine.load(await this.backbone.onnx());
      let embedded = 0;
      for (let start = 0; start < images.length; start += LOT) {
        const lot = await inParallel(images.slice(start, start + LOT), this.settings.parallelImages, async (image) => {
          signal.throwIfAborted();
          const vector = await this.embedOne(image, model);
          report((embedded += 1));
          return vector && { sha256: image.sha256, vector };
        });
        yield lot.filter((vector) => vector !== undefined);
      }
    } finally {
      await engine.close();
    }
  }

  private async embedOne({ bucket, key, sha256 }: StoredImage, model: LoadedModel): Promise<Float32Array | undefined> {
    const bytes = await this.store.get(bucket, key);
    if (!bytes || checksum(bytes) !== sha256) {
      this.logger.warn({ msg: 'left out of the training', bucket, key, why: bytes ? 'other bytes than its row says' : 'no such object' });
      return undefined;
    }
    try {
      return (await model.run(bytes, { priority: 'background' })).embedding;
    } catch (error) {
      if (!(error instanceof PhotoUndecodableError)) {
        throw error;
      }
      this.logger.warn({ msg: 'left out of the training', bucket, key, why: error.message });
      return undefined;
    }
  }
}

function checksum(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
