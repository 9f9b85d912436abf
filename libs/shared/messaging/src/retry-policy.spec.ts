import { DomainError, InvalidInputError, PermanentError, TemporaryError } from '@repo/kernel';
import { describe, expect, it } from 'vitest';
import { afterFailure, isBeyondLastAttempt, standardRetries, UndeliverableError } from './retry-policy.js';

class PhotoGone extends DomainError {
  readonly code = 'PHOTO_NOT_FOUND';
}

describe('afterFailure', () => {
  it.each([
    // attempt, chance, wait
    [1, 0, 4_000],
    [1, 0.5, 5_000],
    [1, 0.999_999, 6_000],
    [2, 0, 8_000],
    [2, 0.5, 10_000],
    [2, 0.999_999, 12_000],
  ])('waits after attempt %i, at chance %f, for %i ms', (attempt, chance, waitMs) => {
    expect(afterFailure(new TemporaryError('away'), attempt, standardRetries, chance)).toEqual({ kind: 'retry', waitMs });
  });

  it.each([
    ['TemporaryError at the third attempt', new TemporaryError('away'), 3, 'attempts used up'],
    ['TemporaryError at a later one', new TemporaryError('away'), 4, 'attempts used up'],
    ['PermanentError', new PermanentError('no'), 1, 'refused'],
    ['InvalidInputError', new InvalidInputError('no'), 1, 'refused'],
    ['an error of a subject', new PhotoGone('gone'), 1, 'refused'],
    ['a programming error', new TypeError('x is undefined'), 1, 'refused'],
    ['an error of a driver, even one that sounds temporary', Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }), 1, 'refused'],
    ['a text', 'TemporaryError', 1, 'refused'],
    ['nothing', undefined, 1, 'refused'],
    ['a malformed message', new UndeliverableError('malformed', 'not JSON'), 1, 'malformed'],
    ['an unknown message', new UndeliverableError('unknown message', 'photo.augment.v9'), 1, 'unknown message'],
  ])('buries after %s', (_, error, attempt, cause) => {
    expect(afterFailure(error, attempt, standardRetries, 0.5)).toEqual({ kind: 'bury', cause });
  });
});

it.each([
  [1, false],
  [3, false],
  [4, true],
])('delivery %i is beyond the last attempt: %s', (attempt, expected) => {
  expect(isBeyondLastAttempt(attempt, standardRetries)).toBe(expected);
});
