import { v7 as uuidv7, validate } from 'uuid';
import { InvalidInputError } from './errors.js';

declare const brand: unique symbol;
/** A UUID that can't stand in for the id of another kind of thing. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type UserId = Id<'user'>;
export type CategoryId = Id<'category'>;
export type ItemId = Id<'item'>;
export type PhotoId = Id<'photo'>;
export type TrainingRunId = Id<'trainingRun'>;

/** A new id; UUID version 7, so that ids sort by the time they were made (RFC 9562). */
export function newId<T extends Id<string>>(): T {
  return uuidv7() as T;
}

/** Checks text from outside. Throws InvalidInputError when it is no UUID. */
export function parseId<T extends Id<string>>(text: string, what = 'id'): T {
  if (!validate(text)) {
    throw new InvalidInputError(`${what} must be a UUID, got "${text.slice(0, 60)}"`);
  }
  return text.toLowerCase() as T;
}
