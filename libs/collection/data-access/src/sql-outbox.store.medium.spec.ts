import { CollectionDatabase } from '@repo/database';
import { newId } from '@repo/kernel';
import { IsNull } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openScratchCollection, TickingClock } from './new-item.fixture.js';
import { leaveMessages } from './outbox-rows.js';
import { OutboxRow } from './outbox.row.js';
import { SqlOutboxStore } from './sql-outbox.store.js';

let database: CollectionDatabase;
let clock: TickingClock;
let store: SqlOutboxStore;
let relays: SqlOutboxStore[];

beforeAll(async () => {
  database = await openScratchCollection();
});
afterAll(() => database.close());
beforeEach(async () => {
  clock = new TickingClock();
  relays = [];
  store = newRelay();
  await database.source.getRepository(OutboxRow).deleteAll();
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.claimBatch(0))); // lets go of what it holds
});

function newRelay(): SqlOutboxStore {
  const relay = new SqlOutboxStore(database, clock);
  relays.push(relay);
  return relay;
}

const waiting = () => database.source.getRepository(OutboxRow).countBy({ sentAt: IsNull() });

async function leave(count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, at) => ({ messageName: 'photo.augment.v1', queue: 'ImageAugmentations', messageId: newId(), body: { at } }));
  for (const message of messages) {
    await leaveMessages(database.source.manager, [message], clock.now());
  }
  return messages.map(({ messageId }) => messageId);
}
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

it('gives what waits, oldest first, until it is marked', async () => {
  const left = await leave(5);
  const first = await store.claimBatch(3);
  expect(first.map(({ messageId }) => messageId)).toEqual(left.slice(0, 3));
  expect(first[0]).toEqual({ id: expect.any(String), messageName: 'photo.augment.v1', messageId: left[0], body: '{"at":0}', attempts: 0 });
  await store.markSent(idsOf(first));
  expect((await store.claimBatch(10)).map(({ messageId }) => messageId)).toEqual(left.slice(3));
});

it('gives the trace that a message belongs to', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await leaveMessages(database.source.manager, [{ messageName: 'photo.augment.v1', queue: 'ImageAugmentations', messageId: newId(), body: {}, traceparent }], clock.now());
  expect(await store.claimBatch(1)).toMatchObject([{ traceparent }]);
});

it('gives what was not marked again', async () => {
  await leave(2);
  const first = await store.claimBatch(2);
  expect(await store.claimBatch(2)).toEqual(first);
});

it('puts what failed behind what did not', async () => {
  await leave(3);
  const [bad, ...good] = await store.claimBatch(3);
  await store.markSent([good[0]!.id]);
  await store.markFailed([bad!.id]);
  expect(await store.claimBatch(3)).toMatchObject([{ id: good[1]!.id, attempts: 0 }, { id: bad!.id, attempts: 1 }]);
});

it('gives two relays different rows at the same time', async () => {
  await leave(40);
  const second = newRelay();
  const [mine, theirs] = await Promise.all([store.claimBatch(25), second.claimBatch(25)]);
  expect(new Set([...idsOf(mine), ...idsOf(theirs)]).size).toBe(40);
  expect(mine.length + theirs.length).toBe(40);
  await Promise.all([store.markSent(idsOf(mine)), second.markSent(idsOf(theirs))]);
  expect(await waiting()).toBe(0);
});

it('gives the rows of a relay that died to the next one', async () => {
  await leave(3);
  const claimed = await newRelay().claimBatch(3);
  expect(await store.claimBatch(3)).toEqual([]);
  await database.source.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`);
  // The server lets the dead relay's locks go a moment after it was told to.
  await expect.poll(async () => idsOf(await store.claimBatch(3))).toEqual(idsOf(claimed));
});

it('removes what was sent more than a week ago', async () => {
  await leave(2);
  const [sent] = await store.claimBatch(1);
  await store.markSent([sent!.id]);
  clock.advance(6 * 24 * 3_600_000);
  expect(await store.purge()).toBe(0);
  clock.advance(25 * 3_600_000);
  expect(await store.purge()).toBe(1);
  expect(await waiting()).toBe(1);
});
