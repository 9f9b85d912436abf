import { IdempotencyInProgressError, IdempotencyKeyReusedError } from '@repo/collection-domain';
import { CollectionDatabase } from '@repo/database';
import type { IdempotencyClaim, IdempotencyOutcome } from '@repo/http/idempotency-store';
import { InvalidInputError, newId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openScratchCollection, TickingClock } from './new-item.fixture.js';
import { SqlIdempotencyStore } from './sql-idempotency.store.js';

let database: CollectionDatabase;
let clock: TickingClock;
let store: SqlIdempotencyStore;
let owner: UserId;

beforeAll(async () => {
  database = await openScratchCollection();
});
afterAll(() => database.close());
beforeEach(() => {
  clock = new TickingClock();
  store = new SqlIdempotencyStore(database, clock);
  owner = newId<UserId>();
});

const begin = (key = 'k', fingerprint = 'f', ownerId = owner) => store.begin(ownerId, key, fingerprint);
const claimOf = (outcome: IdempotencyOutcome): IdempotencyClaim => {
  if (outcome.kind !== 'claimed') {
    throw new Error(`expected a claim, got ${outcome.kind}`);
  }
  return outcome.claim;
};

it.each([[{ itemId: 'x', fotoIds: ['y'] }], [[1, 2]], ['text'], [0], [null]])('gives the first answer again: %j', async (response) => {
  await store.finish(claimOf(await begin()), { status: 201, response });
  expect(await begin()).toEqual({ kind: 'answered', answer: { status: 201, response } });
});

it('holds back a second request while the first runs', async () => {
  await begin();
  await expect(begin()).rejects.toThrow(IdempotencyInProgressError);
});

it('lets one of many requests at the same instant through', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => begin()));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason instanceof IdempotencyInProgressError)).toHaveLength(7);
});

it('refuses the key of another request, while it runs and afterwards', async () => {
  const claim = claimOf(await begin());
  await expect(begin('k', 'other')).rejects.toThrow(IdempotencyKeyReusedError);
  await store.finish(claim, { status: 201, response: {} });
  await expect(begin('k', 'other')).rejects.toThrow(IdempotencyKeyReusedError);
});

it('tells owners, and letters of either case, apart', async () => {
  await begin('key');
  expect((await begin('KEY')).kind).toBe('claimed');
  expect((await begin('key', 'f', newId<UserId>())).kind).toBe('claimed');
});

it('starts over with a key that was given back', async () => {
  await store.forget(claimOf(await begin()));
  expect((await begin('k', 'other')).kind).toBe('claimed');
});

it('keeps the first answer, whatever comes after it', async () => {
  const claim = claimOf(await begin());
  await store.finish(claim, { status: 201, response: 'first' });
  await store.finish(claim, { status: 500, response: 'second' });
  await store.forget(claim);
  expect(await begin()).toEqual({ kind: 'answered', answer: { status: 201, response: 'first' } });
});

it('hands a released request on at once, under the same id, to one of many', async () => {
  const first = claimOf(await begin());
  await store.release(first);
  const outcomes = await Promise.allSettled([begin(), begin(), begin()]);
  const claims = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [claimOf(outcome.value)] : []));
  expect(claims.map(({ id }) => id)).toEqual([first.id]);
  await store.release(first); // late: it is another's now
  await expect(begin()).rejects.toThrow(IdempotencyInProgressError);
  await expect(begin('k', 'other')).rejects.toThrow(IdempotencyKeyReusedError);
});

it('does not release what was answered', async () => {
  const claim = claimOf(await begin());
  await store.finish(claim, { status: 201, response: 'first' });
  await store.release(claim);
  expect(await begin()).toMatchObject({ kind: 'answered' });
});

it('hands the request of a dead process on after a minute, under the same id', async () => {
  const first = claimOf(await begin());
  clock.advance(59_000);
  await expect(begin()).rejects.toThrow(IdempotencyInProgressError);
  clock.advance(1_000);
  const outcomes = await Promise.allSettled([begin(), begin(), begin()]);
  const claims = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [claimOf(outcome.value)] : []));
  expect(claims).toHaveLength(1);
  expect(claims[0]!.id).toBe(first.id);

  await store.finish(first, { status: 500, response: 'too late' });
  await store.forget(first);
  await expect(begin()).rejects.toThrow(IdempotencyInProgressError);
  await store.finish(claims[0]!, { status: 201, response: 'done' });
  expect(await begin()).toMatchObject({ kind: 'answered', answer: { response: 'done' } });
});

it('forgets an answer after a day', async () => {
  await store.finish(claimOf(await begin()), { status: 201, response: {} });
  clock.advance(23 * 3_600_000);
  expect((await begin()).kind).toBe('answered');
  expect(await store.purge()).toBe(0);
  clock.advance(3_600_001);
  expect((await begin('k', 'other')).kind).toBe('claimed');
  clock.advance(25 * 3_600_000);
  expect(await store.purge()).toBeGreaterThan(0);
});

it.each(['', 'x'.repeat(201), 'a\nb', 'ção'])('refuses the key "%s"', async (key) => {
  await expect(begin(key)).rejects.toThrow(InvalidInputError);
});
