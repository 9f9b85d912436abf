import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import {
  EmbeddingStore,
  PhotoCatalogue,
  SimilarityIndex,
  SimilarityIndexes,
  type CataloguedPhoto,
  type Neighbour,
  type PhotoEmbedding,
} from '@repo/recognition-domain';

/** Photos and their removals, as the collection's database has them. */
export class CatalogueInMemory extends PhotoCatalogue {
  readonly rows = new Map<PhotoId, CataloguedPhoto>();
  readonly removals: { photoId: PhotoId; removedAt: Date }[] = [];

  add(photo: Partial<CataloguedPhoto> = {}): CataloguedPhoto {
    const photoId = photo.photoId ?? newId<PhotoId>();
    const row = {
      photoId,
      itemId: newId<ItemId>(),
      ownerId: newId<UserId>(),
      objectKey: `item/${photoId}.jpg`,
      sha256: `sum of ${photoId}`,
      createdAt: new Date(),
      ...photo,
    };
    this.rows.set(photoId, row);
    return row;
  }

  remove(photoId: PhotoId, removedAt = new Date()): void {
    this.rows.delete(photoId);
    this.removals.push({ photoId, removedAt });
  }

  async labelledPhotos() {
    return [...this.rows.values()].map((row) => ({ ...row, label: 'thing' }));
  }
  async photosSince(from: Date, limit: number) {
    const since = [...this.rows.values()].filter(({ createdAt }) => createdAt >= from);
    return since.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).slice(0, limit);
  }
  async photos(photoIds: readonly PhotoId[]) {
    return photoIds.flatMap((photoId) => this.rows.get(photoId) ?? []);
  }
  async newestChange() {
    const latest = (dates: Date[]) => dates.sort((a, b) => b.getTime() - a.getTime())[0];
    return {
      storedAt: latest([...this.rows.values()].map(({ createdAt }) => createdAt)),
      removedAt: latest(this.removals.map(({ removedAt }) => removedAt)),
    };
  }
  async photoIds() {
    return [...this.rows.keys()];
  }
  async photoIdsUntil(until: Date) {
    return [...this.rows.values()].filter(({ createdAt }) => createdAt <= until).map(({ photoId }) => photoId);
  }
  async removedSince(from: Date) {
    return this.removals.filter(({ removedAt }) => removedAt >= from);
  }
  async named(ownerId: UserId, photoIds: readonly PhotoId[]) {
    const rows = (await this.photos(photoIds)).filter((row) => row.ownerId === ownerId);
    return rows.map(({ photoId, itemId, objectKey }) => ({ photoId, itemId, objectKey, name: `item ${itemId}`, category: 'Thing' }));
  }
  async categories() {
    return [];
  }
}

export class EmbeddingsInMemory extends EmbeddingStore {
  readonly saved = new Map<string, PhotoEmbedding>();
  readonly cache = new Map<string, Float32Array>();

  async *photos(space: string) {
    yield [...this.saved].filter(([key]) => key.startsWith(`${space} `)).map(([, embedding]) => embedding);
  }
  async savePhoto(space: string, { photoId, itemId, ownerId, sha256, vector }: PhotoEmbedding) {
    this.saved.set(`${space} ${photoId}`, { photoId, itemId, ownerId, sha256, vector });
  }
  async removePhotos(photoIds: readonly PhotoId[]) {
    [...this.saved.keys()].filter((key) => photoIds.some((photoId) => key.endsWith(photoId))).forEach((key) => this.saved.delete(key));
  }
  async cached(space: string, sha256s: readonly string[]) {
    return new Map(sha256s.flatMap((sha256) => {
      const vector = this.cache.get(`${space} ${sha256}`);
      return vector ? [[sha256, vector] as const] : [];
    }));
  }
  async saveCached(space: string, vectors: readonly { sha256: string; vector: Float32Array }[]) {
    vectors.forEach(({ sha256, vector }) => this.cache.set(`${space} ${sha256}`, vector));
  }
  async pruneCache() {
    return 0;
  }
}

/** Compares with every vector. */
export class IndexInMemory extends SimilarityIndex {
  readonly kind = 'in memory';
  private readonly rows = new Map<PhotoId, { ownerId: UserId; vector: Float32Array }>();

  get size() {
    return this.rows.size;
  }
  has(photoId: PhotoId) {
    return this.rows.has(photoId);
  }
  add(ownerId: UserId, photoId: PhotoId, vector: Float32Array) {
    this.rows.set(photoId, { ownerId, vector });
  }
  remove(photoId: PhotoId) {
    return this.rows.delete(photoId);
  }
  search(ownerId: UserId, vector: Float32Array, k: number): Neighbour[] {
    return [...this.rows]
      .filter(([, row]) => row.ownerId === ownerId)
      .map(([photoId, row]) => ({ photoId, similarity: row.vector.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0) }))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, k);
  }
}

export class IndexesInMemory extends SimilarityIndexes {
  create() {
    return new IndexInMemory();
  }
}
