import { DomainError } from '@repo/kernel';

/** The link's time is over, or it was never signed here. */
export class LinkExpiredError extends DomainError {
  readonly code = 'LINK_EXPIRED';
  constructor() {
    super('This link is no longer valid: ask for a new one');
  }
}

export class ObjectNotFoundError extends DomainError {
  readonly code = 'OBJECT_NOT_FOUND';
  constructor(key: string) {
    super(`There is no object ${key}`);
  }
}

/** The store holds something else under a key than what was put there, or what this platform did not put. */
export class ObjectDamagedError extends DomainError {
  readonly code = 'INTERNAL';
}
