import { Logger } from '@nestjs/common';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import {
  findSimilarItems,
  PhotoUndecodableError,
  type CataloguedPhoto,
  type EmbeddingStore,
  type LoadedModel,
  type PhotoCatalogue,
  type SimilarItem,
  type SimilarityIndex,
} from '@repo/recognition-domain';
import type { ObjectStore } from '@repo/storage';

/** A transaction may become visible a while after the time it wrote down. */
const OVERLAP_MS = 10_000;
const PAGE = 1_000;
const BEGINNING = new Date(0);

export interface PhotoIndexParts {
  readonly catalogue: PhotoCatalogue;
  readonly embeddings: EmbeddingStore;
  readonly store: ObjectStore;
}

/**
 * The photos of the collection as vectors of one space, kept up to date without a queue:
 * new and removed photos are read from the database, missing vectors are computed.
 */
export class PhotoIndex {
  private readonly logger = new Logger(PhotoIndex.name);
  private readonly itemOf = new Map<PhotoId, ItemId>();
  /** Photos without a vector, in the order they were found. */
  private readonly missing = new Map<PhotoId, CataloguedPhoto>();
  /** Never tried again: their bytes will not change. */
  private readonly unreadable = new Set<PhotoId>();
  private readonly removed = new Set<PhotoId>();
  private storedUntil = BEGINNING;
  private removedUntil = BEGINNING;

  constructor(
    /** `embeddingSpace` of the network that makes the vectors. */
    readonly space: string,
    private readonly vectors: SimilarityIndex,
    private readonly parts: PhotoIndexParts,
  ) {}

  get kind(): string {
    return this.vectors.kind;
  }

  get size(): number {
    return this.vectors.size;
  }

  /** Photos that can't be found yet. */
  get waiting(): number {
    return this.missing.size;
  }

  /** The owner's `k` items most like a photo, best first. */
  similar(ownerId: UserId, vector: Float32Array, k: number): SimilarItem[] {
    return findSimilarItems(k, (limit) => this.vectors.search(ownerId, vector, limit), (photoId) => this.itemOf.get(photoId));
  }

  /** Takes in the stored vectors of all photos there are; before that it answers nothing. */
  async load(): Promise<void> {
    const { storedAt, removedAt } = await this.parts.catalogue.newestChange();
    this.storedUntil = storedAt ?? BEGINNING;
    this.removedUntil = removedAt ?? BEGINNING;
    for await (const page of this.parts.embeddings.photos(this.space)) {
      page.forEach(({ ownerId, photoId, itemId, vector }) => {
        this.vectors.add(ownerId, photoId, vector);
        this.itemOf.set(photoId, itemId);
      });
    }
    await this.compare();
  }

  /** Reads what changed since the last time. */
  async follow(): Promise<void> {
    await this.followRemovals();
    let from = withOverlap(this.storedUntil);
    for (;;) {
      const photos = await this.parts.catalogue.photosSince(from, PAGE);
      this.noteMissing(photos);
      const last = photos.at(-1);
      if (!last || photos.length < PAGE || last.createdAt <= from) {
        return;
      }
      from = last.createdAt;
    }
  }

  /** Holds the whole index against the whole collection: finds what following missed. */
  async compare(): Promise<void> {
    const known = [...this.itemOf.keys(), ...this.missing.keys()]; // before the question: what is added meanwhile is no ghost
    const existing = new Set(await this.parts.catalogue.photoIds());
    await this.forget(known.filter((photoId) => !existing.has(photoId)));
    const absent = [...existing].filter((photoId) => !this.itemOf.has(photoId) && !this.missing.has(photoId) && !this.unreadable.has(photoId));
    this.noteMissing(await this.parts.catalogue.photos(absent));
  }

  /**
   * Adds the newest photo that has no vector yet: who just uploaded one looks for it first.
   * Answers false when there is none. Throws TemporaryError; the photo waits on then.
   */
  async embedNext(model: LoadedModel): Promise<boolean> {
    const photo = [...this.missing.values()].at(-1);
    if (!photo) {
      return false;
    }
    const vector = await this.vectorOf(photo, model);
    if (!vector) {
      this.missing.delete(photo.photoId);
      return true;
    }
    if (this.missing.has(photo.photoId)) {
      await this.parts.embeddings.savePhoto(this.space, { ...photo, vector });
    }
    // Asked again after each wait: a photo that was removed meanwhile must not come back.
    if (this.missing.delete(photo.photoId)) {
      this.vectors.add(photo.ownerId, photo.photoId, vector);
      this.itemOf.set(photo.photoId, photo.itemId);
    } else {
      await this.parts.embeddings.removePhotos([photo.photoId]);
    }
    return true;
  }

  private async followRemovals(): Promise<void> {
    const removals = await this.parts.catalogue.removedSince(withOverlap(this.removedUntil));
    await this.forget(removals.map(({ photoId }) => photoId).filter((photoId) => !this.removed.has(photoId)));
    this.removed.clear(); // only those of the overlap are read again
    removals.forEach(({ photoId, removedAt }) => {
      this.removed.add(photoId);
      this.removedUntil = later(this.removedUntil, removedAt);
    });
  }

  private async forget(photoIds: readonly PhotoId[]): Promise<void> {
    if (photoIds.length === 0) {
      return;
    }
    photoIds.forEach((photoId) => {
      this.vectors.remove(photoId);
      this.itemOf.delete(photoId);
      this.missing.delete(photoId);
      this.unreadable.delete(photoId);
    });
    await this.parts.embeddings.removePhotos(photoIds);
  }

  private noteMissing(photos: readonly CataloguedPhoto[]): void {
    photos.forEach((photo) => {
      this.storedUntil = later(this.storedUntil, photo.createdAt);
      const isKnown = this.itemOf.has(photo.photoId) || this.missing.has(photo.photoId) || this.unreadable.has(photo.photoId);
      if (!isKnown && !this.removed.has(photo.photoId)) {
        this.missing.set(photo.photoId, photo);
      }
    });
  }

  private async vectorOf({ photoId, sha256, objectKey }: CataloguedPhoto, model: LoadedModel): Promise<Float32Array | undefined> {
    const { embeddings, store } = this.parts;
    const cached = (await embeddings.cached(this.space, [sha256])).get(sha256);
    if (cached) {
      return cached;
    }
    const bytes = await store.get('original', objectKey);
    if (!bytes) {
      return undefined; // just being deleted, or found again by the next comparison
    }
    try {
      const { embedding } = await model.run(bytes, { priority: 'background' });
      await embeddings.saveCached(this.space, [{ sha256, vector: embedding }]);
      return embedding;
    } catch (error) {
      if (!(error instanceof PhotoUndecodableError)) {
        throw error;
      }
      this.logger.warn({ msg: 'a photo can\'t be read, so it won\'t be found', photoId, why: error.message });
      this.unreadable.add(photoId);
      return undefined;
    }
  }
}

function withOverlap(instant: Date): Date {
  return new Date(Math.max(0, instant.getTime() - OVERLAP_MS));
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
