import { DomainError } from '@repo/kernel';

export type PhotoContentType = 'image/jpeg' | 'image/png' | 'image/webp';

/**
 * A photo that went through the gate: upright, 8-bit sRGB, without metadata,
 * and encoded anew, so that nothing of the sender's bytes is left in it.
 */
export interface AcceptedPhoto {
  bytes: Buffer;
  contentType: PhotoContentType;
  extension: 'jpg' | 'png' | 'webp';
  /** Pixels, after the photo was turned upright. */
  width: number;
  height: number;
  /** Of `bytes`, lower-case hex. */
  sha256: string;
}

export interface PhotoLimits {
  maxBytes: number;
  maxPixels: number;
}

/** A longer side would not fit into a JPEG (65,535 pixels) with room for what is made of the photo. */
export const MAX_SIDE = 30_000;

export const defaultPhotoLimits: PhotoLimits = { maxBytes: 20_000_000, maxPixels: 50_000_000 };

/** The only door for photos from outside. */
export abstract class PhotoGate {
  /**
   * For keeping: same size and format as sent.
   * Throws one of the errors of this file when the bytes are no photo that is taken.
   */
  abstract accept(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto>;
  /** For recognising: a JPEG of at most 640 pixels on its longest side, in a fraction of the time. Throws the same errors. */
  abstract acceptForClassification(bytes: Buffer, limits?: Partial<PhotoLimits>): Promise<AcceptedPhoto>;
}

export class PhotoEmptyError extends DomainError {
  readonly code = 'PHOTO_EMPTY';
  constructor() {
    super('The photo has 0 bytes');
  }
}

export class PhotoTooLargeError extends DomainError {
  readonly code = 'PHOTO_TOO_LARGE';
  constructor(maxBytes: number) {
    super(`A photo may have at most ${maxBytes / 1_000_000} MB`);
  }
}

export class PhotoTypeUnsupportedError extends DomainError {
  readonly code = 'PHOTO_TYPE_UNSUPPORTED';
  /** @param found what the bytes look like, e.g. `HEIC` */
  constructor(found: string) {
    super(`A photo must be JPEG, PNG or WebP; this one is ${found}`);
  }
}

export class PhotoAnimatedError extends DomainError {
  readonly code = 'PHOTO_ANIMATED';
  constructor() {
    super('A photo must be a still picture; this one is animated');
  }
}

export class PhotoTooManyPixelsError extends DomainError {
  readonly code = 'PHOTO_TOO_MANY_PIXELS';
  constructor(width: number, height: number, maxPixels: number) {
    super(`A photo may have at most ${maxPixels / 1_000_000} megapixels and ${MAX_SIDE} pixels on a side; this one has ${width} x ${height}`);
  }
}

export class PhotoUnreadableError extends DomainError {
  readonly code = 'PHOTO_UNREADABLE';
  constructor(reason: string, options?: ErrorOptions) {
    super(`The photo can't be read: ${reason}`, options);
  }
}
