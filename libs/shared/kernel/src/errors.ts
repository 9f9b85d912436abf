/**
 * Every code that a caller can meet. `httpStatus` in shared/http gives each its
 * status: a code without one does not compile.
 */
export type ErrorCode =
  | 'INVALID_INPUT'
  | 'CONTENT_TYPE_UNSUPPORTED'
  | 'BODY_TOO_LARGE'
  | 'BODY_TOO_SLOW'
  | 'UNAUTHENTICATED'
  | 'WRONG_CREDENTIALS'
  | 'FORBIDDEN'
  | 'ROUTE_NOT_FOUND'
  | 'TOO_MANY_REQUESTS'
  | 'ITEM_NOT_FOUND'
  | 'PHOTO_NOT_FOUND'
  | 'LAST_PHOTO'
  | 'REMOVED_SINCE'
  | 'TOO_MANY_PHOTOS'
  | 'CATEGORY_NOT_FOUND'
  | 'CATEGORY_EXISTS'
  | 'CATEGORY_IN_USE'
  | 'PHOTO_MISSING'
  | 'PHOTO_EMPTY'
  | 'PHOTO_TOO_LARGE'
  | 'PHOTO_TOO_MANY_PIXELS'
  | 'PHOTO_TYPE_UNSUPPORTED'
  | 'PHOTO_ANIMATED'
  | 'PHOTO_UNREADABLE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'IDEMPOTENCY_IN_PROGRESS'
  | 'TRAINING_NOT_FOUND'
  | 'TRAINING_FINISHED'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_NOT_ACTIVATABLE'
  | 'MODEL_FILES_INVALID'
  | 'CLASSIFIER_BUSY'
  | 'CLASSIFIER_UNAVAILABLE'
  | 'OBJECT_NOT_FOUND'
  | 'LINK_EXPIRED'
  | 'QUEUE_NOT_FOUND'
  | 'DEAD_LETTER_NOT_FOUND'
  | 'DEAD_LETTER_REPLAYED'
  | 'TEMPORARILY_UNAVAILABLE'
  | 'INTERNAL';

/** Something the domain can name. The message says what was expected and what came. */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What a caller sent can't be taken. */
export class InvalidInputError extends DomainError {
  readonly code = 'INVALID_INPUT';
}

/** A part did not answer, or not in time: the same call may succeed later. */
export class TemporaryError extends DomainError {
  readonly code = 'TEMPORARILY_UNAVAILABLE';
}

/**
 * A part refuses our credentials, fresh ones too: only a person can help. Messages that end here
 * go to the dead letters at once, and somebody is told.
 */
export class AccessDeniedError extends DomainError {
  readonly code = 'TEMPORARILY_UNAVAILABLE';
}

/** Trying again can't help: a message that ends here goes to the dead letters at once. */
export class PermanentError extends DomainError {
  readonly code = 'INVALID_INPUT';
}
