import { Injectable } from '@nestjs/common';
import { AugmentedVariants, chooseVariants, EmbeddingStore, PhotoCatalogue, type IndexedVector, type TrainingPhoto } from '@repo/recognition-domain';
import { PhotoEmbedder } from './photo-embedder.js';
import type { TrainingHeartbeat } from './training-heartbeat.js';

/** What a training learns from. */
export interface TrainingMaterial {
  readonly photos: readonly TrainingPhoto[];
  /** The photos' vectors, for the version's index file. */
  readonly vectors: readonly IndexedVector[];
}

/** Gathers the labelled photos and their variants as vectors. */
@Injectable()
export class TrainingMaterialService {
  constructor(
    private readonly catalogue: PhotoCatalogue,
    private readonly variants: AugmentedVariants,
    private readonly embeddings: EmbeddingStore,
    private readonly embedder: PhotoEmbedder,
  ) {}

  async gather(heartbeat: TrainingHeartbeat): Promise<TrainingMaterial> {
    heartbeat.begin('gathering');
    await this.embeddings.pruneCache();
    const photos = await this.catalogue.labelledPhotos();
    const variants = chooseVariants(photos.map(({ photoId }) => photoId), await this.variants.valid());
    const variantsOf = (photoId: string) => variants.get(photoId) ?? [];

    heartbeat.begin('embedding', { photos: photos.length, categories: new Set(photos.map(({ label }) => label)).size });
    const images = [
      ...photos.map(({ objectKey, sha256 }) => ({ bucket: 'original' as const, key: objectKey, sha256 })),
      ...photos.flatMap(({ photoId }) => variantsOf(photoId).map(({ objectKey, sha256 }) => ({ bucket: 'processed' as const, key: objectKey, sha256 }))),
    ];
    const vectors = await this.embedder.embed(images, {
      signal: heartbeat.signal,
      onProgress: (embedded, all) => heartbeat.advance(all === 0 ? 1 : embedded / all, { images: all, embedded }),
    });

    const material = photos.flatMap((photo) => {
      const vector = vectors.get(photo.sha256);
      const variantVectors = variantsOf(photo.photoId).flatMap(({ sha256 }) => vectors.get(sha256) ?? []);
      return vector ? [{ ...photo, vector, variantVectors }] : [];
    });
    return {
      photos: material.map(({ photoId, itemId, label, vector, variantVectors }) => ({ photoId, itemId, label, embedding: vector, variants: variantVectors })),
      vectors: material.map(({ photoId, itemId, ownerId, vector }) => ({ photoId, itemId, ownerId, vector })),
    };
  }
}
