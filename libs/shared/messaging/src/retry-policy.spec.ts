import { AccessDeniedError, DomainError, InvalidInputError, PermanentError, TemporaryError, withDeadline } from '@repo/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { afterFailure, classifyError, isBeyondLastAttempt, standardRetries, UndeliverableError } from './retry-policy.js';

class PhotoGone extends DomainError {
  readonly code = 'PHOTO_NOT_FOUND';
}

class PhotoAltered extends TemporaryError {}
class BucketClosed extends AccessDeniedError {}

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    return expect.fail(`should throw, but answered ${JSON.stringify(await work())}`);
  } catch (error) {
    return error;
  }
}

it.each<[what: string, thrown: unknown, expected: string]>([
  ['a part that is away', new TemporaryError('The object store answered 503'), 'transient'],
  ['a kind of it', new PhotoAltered('SHA-256 differs'), 'transient'],
  ['a deadline that passed', await errorOf(() => withDeadline('the store', 1, new Promise(() => {}))), 'transient'],
  ['refused credentials, e.g. 403 of the object store', new AccessDeniedError('AccessDenied'), 'forbidden'],
  ['a kind of it', new BucketClosed('AccessDenied'), 'forbidden'],
  ['PermanentError', new PermanentError('no'), 'permanent'],
  ['InvalidInputError', new InvalidInputError('no'), 'permanent'],
  ['an error of a subject', new PhotoGone('gone'), 'permanent'],
  ['an error that a transient one caused', new PhotoGone('gone', { cause: new TemporaryError('away') }), 'permanent'],
  ['a broken schema', await errorOf(() => z.number().parse('one')), 'permanent'],
  ['broken JSON', await errorOf(() => JSON.parse('{')), 'permanent'],
  ['a programming error', await errorOf(() => (undefined as unknown as { x: { y: 1 } }).x.y), 'permanent'],
  ['a plain error', new Error('no'), 'permanent'],
  ['a driver\'s error that nobody translated', Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }), 'permanent'],
  ['an aborted call that nobody translated', new DOMException('aborted', 'AbortError'), 'permanent'],
  ['several at once', new AggregateError([new TemporaryError('away')]), 'permanent'],
  ['a malformed message', new UndeliverableError('malformed', 'not JSON'), 'permanent'],
  ['an object that looks like one', { name: 'TemporaryError', code: 'TEMPORARILY_UNAVAILABLE' }, 'permanent'],
  ['a text', 'TemporaryError', 'permanent'],
  ['nothing', undefined, 'permanent'],
])('knows the class of %s', (_, thrown, expected) => expect(classifyError(thrown)).toBe(expected));

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
    ['AccessDeniedError', new AccessDeniedError('403'), 1, 'access denied'],
    ['PermanentError', new PermanentError('no'), 1, 'refused'],
    ['a programming error', new TypeError('x is undefined'), 1, 'refused'],
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
