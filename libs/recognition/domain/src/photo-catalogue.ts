import type { ItemId, PhotoId, UserId } from '@repo/kernel';

/** A stored photo, as recognition needs it. */
export interface CataloguedPhoto {
  readonly photoId: PhotoId;
  readonly itemId: ItemId;
  readonly ownerId: UserId;
  /** Key in the bucket `original`. */
  readonly objectKey: string;
  /** Of the stored bytes, lower-case hex. */
  readonly sha256: string;
  readonly createdAt: Date;
}

/** With the class it teaches. */
export interface LabelledPhoto extends CataloguedPhoto {
  /** The normalised name of its item's category. */
  readonly label: string;
}

/** A photo with what people call its item. */
export interface NamedPhoto {
  readonly photoId: PhotoId;
  readonly itemId: ItemId;
  /** Key in the bucket `original`. */
  readonly objectKey: string;
  /** The item's name. */
  readonly name: string;
  /** The category's name, as its owner wrote it. */
  readonly category: string;
}

export interface OwnedCategory {
  /** As its owner wrote it. */
  readonly name: string;
  /** The class that it is to the model. */
  readonly label: string;
}

/** What recognition reads of the collection; it writes none of it. Methods throw TemporaryError. */
export abstract class PhotoCatalogue {
  /** Every photo, in the order of photo ids. */
  abstract labelledPhotos(): Promise<LabelledPhoto[]>;

  /** Photos stored at `from` or later, oldest first, at most `limit`. */
  abstract photosSince(from: Date, limit: number): Promise<CataloguedPhoto[]>;

  /** Those of `photoIds` that exist. */
  abstract photos(photoIds: readonly PhotoId[]): Promise<CataloguedPhoto[]>;

  /** When the newest photo was stored and the last one deleted, by the clock of who wrote that down. */
  abstract newestChange(): Promise<{ readonly storedAt: Date | undefined; readonly removedAt: Date | undefined }>;

  /** Ids of every photo. */
  abstract photoIds(): Promise<PhotoId[]>;

  /** Ids of photos stored at `until` or earlier. */
  abstract photoIdsUntil(until: Date): Promise<PhotoId[]>;

  /** Photos deleted at `from` or later. */
  abstract removedSince(from: Date): Promise<{ readonly photoId: PhotoId; readonly removedAt: Date }[]>;

  /** The owner's photos among `photoIds` (at most 1,000), in no order. */
  abstract named(ownerId: UserId, photoIds: readonly PhotoId[]): Promise<NamedPhoto[]>;

  abstract categories(ownerId: UserId): Promise<OwnedCategory[]>;
}
