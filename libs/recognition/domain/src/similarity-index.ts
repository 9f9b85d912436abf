import { InvalidInputError, type PhotoId, type UserId } from '@repo/kernel';

/** Numbers in an embedding: MobileNetV2 has 1,280 for every width up to 1.0. */
export const embeddingLength = 1280;

export interface Neighbour {
  readonly photoId: PhotoId;
  /** Cosine: 1 for the same direction, 0 for unrelated, -1 at worst. */
  readonly similarity: number;
}

/**
 * Vectors of photos, partitioned by owner: a search never touches another person's vectors.
 * Vectors are L2-normalised, so the inner product is the cosine.
 */
export abstract class SimilarityIndex {
  /** `exact` or `faiss`; for the log and the metrics. */
  abstract readonly kind: string;

  /** Vectors held, over all owners. */
  abstract readonly size: number;

  abstract has(photoId: PhotoId): boolean;

  /** Adds a photo, or replaces its vector and owner. Throws InvalidInputError for a wrong length or a number that isn't finite. */
  abstract add(ownerId: UserId, photoId: PhotoId, vector: Float32Array): void;

  /** True when it was there. */
  abstract remove(photoId: PhotoId): boolean;

  /** At most `k` of the owner's photos, best first. */
  abstract search(ownerId: UserId, vector: Float32Array, k: number): Neighbour[];
}

/** Throws InvalidInputError for a wrong length, or a number that isn't finite. */
export function checkVector(vector: Float32Array, dimensions: number): void {
  if (vector.length !== dimensions) {
    throw new InvalidInputError(`A vector must have ${dimensions} numbers, got ${vector.length}`);
  }
  let sum = 0; // NaN and infinity stay what they are
  for (let i = 0; i < dimensions; i += 1) {
    sum += vector[i]! * 0;
  }
  if (sum !== 0) {
    throw new InvalidInputError('A vector must hold finite numbers');
  }
}

/** Better first: more similar, or as similar and with the smaller id. */
export function compareNeighbours(a: Neighbour, b: Neighbour): number {
  return b.similarity - a.similarity || (a.photoId < b.photoId ? -1 : 1);
}
