import { TemporaryError } from '@repo/kernel';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { expect, it } from 'vitest';
import { isConnectionLost, isForeignKeyViolation, isTemporary, isTransactionConflict, isUniqueViolation, translateDatabaseErrors } from './database-errors.js';

const raised = (facts: object, message = 'said the driver') => new QueryFailedError('SELECT 1', [], Object.assign(new Error(message), facts));

it.each([
  ['PostgreSQL', { code: '23505' }],
  ['SQL Server, constraint', { number: 2627 }],
  ['SQL Server, index', { number: 2601 }],
])('knows a unique violation of %s', (_, facts) => {
  expect(isUniqueViolation(raised(facts))).toBe(true);
  expect(isTemporary(raised(facts))).toBe(false);
});

it.each([{ code: '23503' }, { code: '23001' }, { number: 547 }])('knows a foreign key violation: %j', (facts) => {
  expect(isForeignKeyViolation(raised(facts))).toBe(true);
  expect(isUniqueViolation(raised(facts))).toBe(false);
});

it.each([{ code: '40P01' }, { code: '40001' }, { number: 1205 }])('knows a conflict between transactions: %j', (facts) => {
  expect(isTransactionConflict(raised(facts))).toBe(true);
  expect(isTemporary(raised(facts))).toBe(true);
});

it.each([
  [{ code: 'ECONNREFUSED' }],
  [{ code: 'ECONNRESET' }],
  [{ code: 'ETIMEOUT' }],
  [{ code: 'ESOCKET' }],
  [{ code: '08006' }],
  [{ code: '53300' }],
  [{ code: '57014' }],
  [{ code: '57P01' }],
  [{ code: '57P03' }],
  [{ code: '25P03' }],
  [{ number: 1222 }],
  [{ number: 40613 }],
])('takes %j for temporary', async (facts) => {
  await expect(translateDatabaseErrors(() => Promise.reject(raised(facts)))).rejects.toThrow(TemporaryError);
  await expect(translateDatabaseErrors(() => Promise.reject(Object.assign(new Error('bare'), facts)))).rejects.toThrow(TemporaryError);
});

it.each(['Client was closed and is not queryable', 'timeout exceeded when trying to connect', 'Connection terminated unexpectedly', 'Query read timeout', 'Connection terminated due to connection timeout'])(
  'takes "%s" for temporary',
  async (message) => {
    await expect(translateDatabaseErrors(() => Promise.reject(new Error(message)))).rejects.toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE', cause: { message } });
  },
);

it.each([{ code: '57P01' }, { code: '08006' }, { code: 'ECONNRESET' }, { code: 'ECONNCLOSED' }, { number: 10054 }])('knows a connection that was lost: %j', (facts) => {
  expect([isConnectionLost(raised(facts)), isTemporary(raised(facts)), isTransactionConflict(raised(facts))]).toEqual([true, true, false]);
});

it.each([new QueryRunnerAlreadyReleasedError(), new QueryRunnerProviderAlreadyReleasedError()])('knows a connection that was lost between two statements: $name', (error) => {
  expect([isConnectionLost(error), isTemporary(error)]).toEqual([true, true]);
});

it.each([{ code: 'ECONNREFUSED' }, { code: '53300' }, { code: '57014' }, { code: '23505' }])('does not take %j for a lost connection', (facts) => {
  expect(isConnectionLost(raised(facts))).toBe(false);
});

it.each([{ code: '42601' }, { code: '22P02' }, { code: '57000' }, { number: 208 }, {}])('passes %j on', async (facts) => {
  const error = raised(facts);
  await expect(translateDatabaseErrors(() => Promise.reject(error))).rejects.toBe(error);
});
