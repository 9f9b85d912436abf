import { DomainError } from '@repo/kernel';

/** One part of a request that breaks its schema. */
export interface InvalidField {
  /** Dotted path in the body or query; empty for the whole. */
  field: string;
  message: string;
}

/** The request does not have the shape that the route documents. */
export class InvalidRequestError extends DomainError {
  readonly code = 'INVALID_INPUT';
  constructor(readonly details: readonly InvalidField[]) {
    super(details.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; '));
  }
}

/** Always the same words: why a token was refused is of use to an attacker alone. */
export class UnauthenticatedError extends DomainError {
  readonly code = 'UNAUTHENTICATED';
  constructor(options?: ErrorOptions) {
    super('Sign in first: this route needs a valid token in the header Authorization: Bearer …', options);
  }
}

export class ForbiddenError extends DomainError {
  readonly code = 'FORBIDDEN';
  constructor() {
    super('Your role does not allow this');
  }
}

export class TooManyRequestsError extends DomainError {
  readonly code = 'TOO_MANY_REQUESTS';
  constructor(readonly retryAfterS: number) {
    super(`Too many requests: try again in ${retryAfterS} s`);
  }
}

export class ContentTypeUnsupportedError extends DomainError {
  readonly code = 'CONTENT_TYPE_UNSUPPORTED';
  constructor(expected: string, found: string | undefined) {
    super(`The body must be ${expected}, got ${found?.slice(0, 100) || 'no Content-Type'}`);
  }
}

/** The sender all but stopped: its connection is needed by others. */
export class BodyTooSlowError extends DomainError {
  readonly code = 'BODY_TOO_SLOW';
  constructor() {
    super('The body came too slowly');
  }
}

/** A form without the photo it is for. */
export class PhotoMissingError extends DomainError {
  readonly code = 'PHOTO_MISSING';
  constructor(field: string, max: number) {
    super(`The photo is missing: send ${max === 1 ? 'one file' : `1 to ${max} files`} in the field "${field}"`);
  }
}

export class TooManyFilesError extends DomainError {
  readonly code = 'TOO_MANY_PHOTOS';
  constructor(field: string, max: number) {
    super(`At most ${max} ${max === 1 ? 'photo' : 'photos'} at once in the field "${field}"`);
  }
}
