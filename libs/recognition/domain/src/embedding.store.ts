import type { ItemId, PhotoId, UserId } from '@repo/kernel';

/** A photo's vector, ready for the similarity index. */
export interface PhotoEmbedding {
  readonly photoId: PhotoId;
  readonly itemId: ItemId;
  readonly ownerId: UserId;
  /** Of the photo's bytes, lower-case hex. */
  readonly sha256: string;
  /** 1,280 numbers of length 1 (L2). */
  readonly vector: Float32Array;
}

/**
 * Vectors that were computed once, under the name of the space they lie in
 * (`embeddingSpace`): vectors of different spaces are never mixed. Methods throw TemporaryError.
 */
export abstract class EmbeddingStore {
  /** Every photo's vector, in pages, in the order of photo ids. */
  abstract photos(space: string): AsyncIterable<PhotoEmbedding[]>;

  /** Writing a photo again replaces its row. */
  abstract savePhoto(space: string, embedding: PhotoEmbedding): Promise<void>;

  /** Of all spaces. Vectors of the same bytes go from the cache too, unless another photo has these bytes. */
  abstract removePhotos(photoIds: readonly PhotoId[]): Promise<void>;

  /** Vectors of images by checksum; absent ones are left out. */
  abstract cached(space: string, sha256s: readonly string[]): Promise<Map<string, Float32Array>>;

  abstract saveCached(space: string, vectors: readonly { readonly sha256: string; readonly vector: Float32Array }[]): Promise<void>;

  /** Drops cached vectors of images that are neither a photo's nor a variant's any more; answers how many. */
  abstract pruneCache(): Promise<number>;
}
