import { BadRequestException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { PermanentError, TemporaryError } from '@repo/kernel';
import { PhotoTooLargeError } from '@repo/images';
import { expect, it } from 'vitest';
import { answerError } from './error-answer.js';
import { InvalidRequestError, TooManyRequestsError, UnauthenticatedError } from './http-errors.js';

it.each<[name: string, error: unknown, status: number, code: string]>([
  ['a word of the domain', new PhotoTooLargeError(20_000_000), 413, 'PHOTO_TOO_LARGE'],
  ['a permanent error', new PermanentError('no'), 400, 'INVALID_INPUT'],
  ['a part that does not answer', new TemporaryError('postgres://user:secret@host'), 503, 'TEMPORARILY_UNAVAILABLE'],
  ['no route', new NotFoundException('Cannot GET /x'), 404, 'ROUTE_NOT_FOUND'],
  ['broken JSON', new BadRequestException('Unexpected token'), 400, 'INVALID_INPUT'],
  ['a parser\'s own error', Object.assign(new Error('request entity too large'), { status: 413, expose: true }), 413, 'BODY_TOO_LARGE'],
  ['an error with a status that is not for callers', Object.assign(new Error('secret'), { status: 404 }), 500, 'INTERNAL'],
  ['Nest\'s own 500', new InternalServerErrorException('secret'), 500, 'INTERNAL'],
  ['a bug', new TypeError('secret of undefined'), 500, 'INTERNAL'],
  ['something thrown that is no error', 'secret', 500, 'INTERNAL'],
  ['nothing thrown', undefined, 500, 'INTERNAL'],
])('answers %s', (_, error, status, code) => {
  const answer = answerError(error);
  expect(answer).toMatchObject({ status, body: { code } });
  expect(JSON.stringify(answer)).not.toContain('secret');
});

it('says when to come back', () => {
  expect(answerError(new TooManyRequestsError(17)).headers).toMatchObject({ 'Retry-After': '17' });
  expect(answerError(new TemporaryError('x')).headers).toHaveProperty('Retry-After');
  expect(answerError(new UnauthenticatedError()).headers).toMatchObject({ 'WWW-Authenticate': 'Bearer' });
});

it('names the fields of a request that breaks its schema', () => {
  const details = [{ field: 'nome', message: 'is missing' }];
  expect(answerError(new InvalidRequestError(details)).body).toEqual({ code: 'INVALID_INPUT', message: 'nome: is missing', details });
});
