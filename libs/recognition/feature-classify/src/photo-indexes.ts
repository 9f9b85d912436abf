import { Injectable } from '@nestjs/common';
import { EmbeddingStore, PhotoCatalogue, SimilarityIndexes } from '@repo/recognition-domain';
import { ObjectStore } from '@repo/storage';
import { PhotoIndex } from './photo-index.js';

/** Makes the index of a space of vectors. */
@Injectable()
export class PhotoIndexes {
  constructor(
    private readonly vectors: SimilarityIndexes,
    private readonly catalogue: PhotoCatalogue,
    private readonly embeddings: EmbeddingStore,
    private readonly store: ObjectStore,
  ) {}

  create(space: string): PhotoIndex {
    const { catalogue, embeddings, store } = this;
    return new PhotoIndex(space, this.vectors.create(), { catalogue, embeddings, store });
  }
}
