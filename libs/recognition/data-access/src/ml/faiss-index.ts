import { createRequire } from 'node:module';
import type { PhotoId, UserId } from '@repo/kernel';
import { checkVector, compareNeighbours, embeddingLength, SimilarityIndex, type Neighbour } from '@repo/recognition-domain';

/** The part of faiss-node that is used. */
export interface Faiss {
  readonly IndexFlatIP: new (dimensions: number) => FlatIndex;
}

interface FlatIndex {
  ntotal(): number;
  add(vectors: number[]): void;
  search(queries: number[], k: number): { distances: number[]; labels: number[] };
  /** Those behind a removed row move up. */
  removeIds(rows: number[]): number;
}

interface Partition {
  readonly index: FlatIndex;
  /** FAISS knows rows only; the ids are kept beside it. */
  readonly photoIds: PhotoId[];
}

/** FAISS where its native part is built (`node tools/build-faiss.mjs`), else undefined. */
export function loadFaiss(): Faiss | undefined {
  try {
    return createRequire(import.meta.url)('faiss-node') as Faiss;
  } catch {
    return undefined;
  }
}

/** One flat inner-product index of FAISS for each owner. */
export class FaissIndex extends SimilarityIndex {
  readonly kind = 'faiss';

  private readonly partitions = new Map<UserId, Partition>();
  private readonly owners = new Map<PhotoId, UserId>();

  constructor(
    private readonly faiss: Faiss,
    private readonly dimensions = embeddingLength,
  ) {
    super();
  }

  get size(): number {
    return this.owners.size;
  }

  has(photoId: PhotoId): boolean {
    return this.owners.has(photoId);
  }

  add(ownerId: UserId, photoId: PhotoId, vector: Float32Array): void {
    checkVector(vector, this.dimensions);
    this.remove(photoId);
    let partition = this.partitions.get(ownerId);
    if (!partition) {
      partition = { index: new this.faiss.IndexFlatIP(this.dimensions), photoIds: [] };
      this.partitions.set(ownerId, partition);
    }
    partition.index.add(Array.from(vector));
    partition.photoIds.push(photoId);
    this.owners.set(photoId, ownerId);
  }

  remove(photoId: PhotoId): boolean {
    const ownerId = this.owners.get(photoId);
    if (ownerId === undefined) {
      return false;
    }
    this.owners.delete(photoId);
    const { index, photoIds } = this.partitions.get(ownerId)!;
    const row = photoIds.indexOf(photoId);
    index.removeIds([row]);
    photoIds.splice(row, 1);
    if (photoIds.length === 0) {
      this.partitions.delete(ownerId);
    }
    return true;
  }

  search(ownerId: UserId, vector: Float32Array, k: number): Neighbour[] {
    checkVector(vector, this.dimensions);
    const partition = this.partitions.get(ownerId);
    if (!partition) {
      return [];
    }
    // FAISS refuses to look for more than it holds.
    const { distances, labels } = partition.index.search(Array.from(vector), Math.min(k, partition.photoIds.length));
    return labels
      .map((row, place) => ({ photoId: partition.photoIds[row]!, similarity: distances[place]! }))
      .sort(compareNeighbours);
  }
}
