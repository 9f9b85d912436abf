import { expect, it } from 'vitest';
import { TemporaryError, type PhotoId } from '@repo/kernel';
import { errorTypeOf, PhotoUnreadableError, RenderCrashedError } from './errors.js';

it.each([
  [new RenderCrashedError('photo' as PhotoId, 'SIGSEGV'), 'render_crashed'],
  [new PhotoUnreadableError('photo' as PhotoId, 'premature end'), 'photo_unreadable'],
  [new TemporaryError('the store is away'), 'temporary'],
  [new TypeError('x is not a function'), 'type'],
  [new Error('?'), 'error'],
  ['not even an error', 'unknown'],
])('names %s in the job table', (error, expected) => expect(errorTypeOf(error)).toBe(expected));
