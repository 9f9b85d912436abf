import { DomainError } from '@repo/kernel';

/** Also the answer for another owner's item: that it exists is theirs to know. */
export class ItemNotFoundError extends DomainError {
  readonly code = 'ITEM_NOT_FOUND';
  constructor(itemId: string, options?: ErrorOptions) {
    super(`There is no item ${itemId}`, options);
  }
}

export class PhotoNotFoundError extends DomainError {
  readonly code = 'PHOTO_NOT_FOUND';
  constructor(photoId: string, options?: ErrorOptions) {
    super(`There is no photo ${photoId} of this item`, options);
  }
}

export class LastPhotoError extends DomainError {
  readonly code = 'LAST_PHOTO';
  constructor() {
    super('An item keeps at least one photo: delete the item instead');
  }
}

/** A request that is sent again doesn't bring back what its owner has removed meanwhile. */
export class RemovedSinceError extends DomainError {
  readonly code = 'REMOVED_SINCE';
  constructor() {
    super('This request was fulfilled before, and what it made has been removed since: send it under another Idempotency-Key to make it anew');
  }
}

export class TooManyPhotosError extends DomainError {
  readonly code = 'TOO_MANY_PHOTOS';
}

/** Also the answer for another owner's category. */
export class CategoryNotFoundError extends DomainError {
  readonly code = 'CATEGORY_NOT_FOUND';
  constructor(categoryId: string, options?: ErrorOptions) {
    super(`There is no category ${categoryId}`, options);
  }
}

export class CategoryExistsError extends DomainError {
  readonly code = 'CATEGORY_EXISTS';
  constructor(name: string, options?: ErrorOptions) {
    super(`There is already a category called "${name}" (case and accents make no difference)`, options);
  }
}

export class CategoryInUseError extends DomainError {
  readonly code = 'CATEGORY_IN_USE';
  constructor(itemCount: number) {
    super(`The category still holds ${itemCount} item${itemCount === 1 ? '' : 's'}: say which category they move to`);
  }
}

export class IdempotencyKeyReusedError extends DomainError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  constructor() {
    super('This Idempotency-Key was sent before with another request');
  }
}

export class IdempotencyInProgressError extends DomainError {
  readonly code = 'IDEMPOTENCY_IN_PROGRESS';
  constructor() {
    super('The first request with this Idempotency-Key is still running');
  }
}
