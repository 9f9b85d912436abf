import { DomainError, TemporaryError, type PhotoId } from '@repo/kernel';

/** The original is not in the store: trying again can't bring it back. */
export class SourceMissingError extends DomainError {
  readonly code = 'PHOTO_NOT_FOUND';
  constructor(photoId: PhotoId, sourceKey: string) {
    super(`source_missing: photo ${photoId} has no original under "${sourceKey}"`);
  }
}

/** The bytes that came are not those that were uploaded; another download may be right. */
export class PhotoAlteredError extends TemporaryError {
  constructor(photoId: PhotoId, expected: string, actual: string) {
    super(`Photo ${photoId} should have SHA-256 ${expected}, got ${actual}`);
  }
}

/** The bytes are no photo that can be decoded. */
export class PhotoUnreadableError extends DomainError {
  readonly code = 'PHOTO_UNREADABLE';
  constructor(photoId: PhotoId, reason: string) {
    super(`Photo ${photoId} can't be decoded: ${reason}`);
  }
}

/** The image process died over the photo; the last of three times buries the message. */
export class RenderCrashedError extends TemporaryError {
  constructor(photoId: PhotoId, how: string) {
    super(`The image process ended (${how}) while it rendered photo ${photoId}`);
  }
}

export class RenderTimeoutError extends TemporaryError {
  constructor(photoId: PhotoId, timeoutMs: number) {
    super(`Rendering photo ${photoId} took longer than ${timeoutMs} ms`);
  }
}

/** No variant passed the checks. */
export class NoValidVariantError extends DomainError {
  readonly code = 'PHOTO_UNREADABLE';
  constructor(photoId: PhotoId, defects: readonly string[]) {
    super(`Photo ${photoId} has no valid variant: ${defects.join(', ')}`);
  }
}

/** Variants were made, but the store kept none of them. */
export class NothingStoredError extends TemporaryError {
  constructor(photoId: PhotoId) {
    super(`Not one variant of photo ${photoId} could be stored`);
  }
}

/** The job was given up while it was worked on, as after hours of a suspended machine; it has to begin anew. */
export class JobAbandonedError extends TemporaryError {
  constructor(photoId: PhotoId) {
    super(`The augmentation of photo ${photoId} took so long that it was given up`);
  }
}

/** Two different messages under one id: one of them is forged or broken. */
export class MessageIdReusedError extends DomainError {
  readonly code = 'INVALID_INPUT';
  constructor(messageId: string) {
    super(`id_reuse: message ${messageId} came before with another body`);
  }
}

/** What is kept in a column `error_type`: the class's name in snake case, without "error". */
export function errorTypeOf(error: unknown): string {
  const name = error instanceof Error ? error.name : 'unknown';
  return name.replace(/Error$/, '').replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase() || 'error';
}
