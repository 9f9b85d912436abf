import { InvalidInputError, parseId } from '@repo/kernel';
import type { ErrorCursor } from './error-log.repository.js';

/** Opaque to callers, so that the order may change without breaking them. */
export function encodeErrorCursor({ timestamp, id }: ErrorCursor): string {
  return Buffer.from(`${timestamp.toISOString()} ${id}`).toString('base64url');
}

/** Throws InvalidInputError for anything `encodeErrorCursor` did not make. */
export function decodeErrorCursor(text: string): ErrorCursor {
  const [timestamp = '', id = '', ...rest] = Buffer.from(text, 'base64url').toString().split(' ');
  const date = new Date(timestamp);
  if (rest.length > 0 || Number.isNaN(date.getTime()) || date.toISOString() !== timestamp) {
    throw new InvalidInputError('cursor must be one from a Link header');
  }
  return { timestamp: date, id: parseId(id, 'The id in cursor') };
}
