import { CollectionDatabase } from '@repo/database';
import { newId } from '@repo/kernel';
import { IsNull } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openScratchCollection, sqlServerUrl, TickingClock } from './new-item.fixture.js';
import { leaveMessages } from './outbox-rows.js';
import { OutboxRow } from './outbox.row.js';
import { SqlOutboxStore } from './sql-outbox.store.js';

/** Long enough that no claim ends by itself in a test that does not wait for it. */
const CLAIM_MS = 60_000;
let database: CollectionDatabase;
let clock: TickingClock;
let store: SqlOutboxStore;

beforeAll(async () => {
  database = await openScratchCollection();
});
afterAll(() => database.close());
beforeEach(async () => {
  clock = new TickingClock();
  store = new SqlOutboxStore(database, clock);
  await database.source.getRepository(OutboxRow).deleteAll();
});

const claim = (limit: number, exceptQueues: string[] = []) => store.claimBatch(limit, CLAIM_MS, exceptQueues);
const waiting = () => database.source.getRepository(OutboxRow).countBy({ sentAt: IsNull() });

async function leave(count: number, queue = 'ImageAugmentations'): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, at) => ({ messageName: 'photo.augment.v1', queue, messageId: newId(), body: { at } }));
  for (const message of messages) {
    await leaveMessages(database.source.manager, [message], clock.now());
  }
  return messages.map(({ messageId }) => messageId);
}
const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

it('gives what waits, oldest first, until it is marked', async () => {
  const left = await leave(5);
  const first = await claim(3);
  expect(first.map(({ messageId }) => messageId)).toEqual(left.slice(0, 3));
  expect(first[0]).toEqual({ id: expect.any(String), queue: 'ImageAugmentations', messageName: 'photo.augment.v1', messageId: left[0], body: '{"at":0}', attempts: 0 });
  await store.markSent(idsOf(first));
  expect((await claim(10)).map(({ messageId }) => messageId)).toEqual(left.slice(3));
  expect(await waiting()).toBe(2);
});

it('gives the trace that a message belongs to', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await leaveMessages(database.source.manager, [{ messageName: 'photo.augment.v1', queue: 'ImageAugmentations', messageId: newId(), body: {}, traceparent }], clock.now());
  expect(await claim(1)).toMatchObject([{ traceparent }]);
});

it('gives nobody what is claimed, and again what was released', async () => {
  await leave(2);
  const first = await claim(2);
  expect(await claim(2)).toEqual([]);
  await store.release(idsOf(first));
  expect(await claim(2)).toEqual(first);
});

it('gives again what a relay that died had claimed, once the claim has ended', async () => {
  await leave(2);
  const first = await store.claimBatch(2, 300, []);
  expect(await claim(2)).toEqual([]);
  await expect.poll(() => claim(2), { timeout: 2_000, interval: 50 }).toEqual(first);
});

it('puts what failed behind what did not, and rests it until its claim ends', async () => {
  await leave(3);
  const [bad, ...good] = await store.claimBatch(3, 200, []);
  await store.markSent([good[0]!.id]);
  await store.markFailed([bad!.id]);
  expect(await claim(3)).toEqual([]);
  await expect.poll(async () => (await store.claimBatch(3, 1, [])).map(({ id, attempts }) => [id, attempts]), { timeout: 2_000, interval: 50 }).toEqual([[good[1]!.id, 0], [bad!.id, 1]]);
});

it('leaves out the queues that are named', async () => {
  await leave(2, 'ModelTraining');
  const [left] = await leave(1);
  expect((await claim(10, ['ModelTraining', 'PhotoRemovals'])).map(({ messageId }) => messageId)).toEqual([left]);
  expect(await claim(10)).toHaveLength(2);
});

it('keeps the date of the first who marked a row', async () => {
  await leave(1);
  const [row] = await claim(1);
  await store.markSent([row!.id]);
  const { sentAt } = await database.source.getRepository(OutboxRow).findOneByOrFail({ id: row!.id });
  await store.markSent([row!.id]);
  await store.markFailed([row!.id]);
  expect(await database.source.getRepository(OutboxRow).findOneByOrFail({ id: row!.id })).toMatchObject({ sentAt, attempts: 0 });
});

it('gives four relays different rows at the same time, and each of them once', async () => {
  await leave(200);
  const claims = await Promise.all(Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? claim(25) : claim(7))));
  const ids = claims.flatMap(idsOf);
  expect(new Set(ids).size).toBe(ids.length);
  const rest = idsOf(await claim(200));
  expect(new Set([...ids, ...rest]).size).toBe(200);
});

// PostgreSQL is asked in its own words.
it.skipIf(sqlServerUrl)('holds no connection and no lock for a claim', async () => {
  await leave(3);
  await claim(3);
  const [{ n }] = await database.source.query(`SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`);
  expect(n).toBe(0);
  const [{ locks }] = await database.source.query(`SELECT count(*)::int AS locks FROM pg_locks JOIN pg_class c ON c.oid = relation WHERE relname = 'Outbox' AND pid <> pg_backend_pid()`);
  expect(locks).toBe(0);
});

it('knows how many rows wait, and since when', async () => {
  expect(await store.backlog()).toEqual({ rows: 0, oldestMs: 0 });
  await leave(2);
  const [first] = await claim(1);
  clock.advance(5_000);
  expect(await store.backlog()).toEqual({ rows: 2, oldestMs: expect.toSatisfy((ms: number) => ms >= 5_000 && ms < 5_100) });
  await store.markSent([first!.id]);
  expect(await store.backlog()).toMatchObject({ rows: 1 });
});

it.skipIf(sqlServerUrl)('finds what waits by an index, however much was sent', async () => {
  await database.source.query(
    `INSERT INTO "Outbox" ("id", "queue", "messageName", "messageId", "body", "createdAt", "sentAt", "attempts")
     SELECT gen_random_uuid(), 'q', 'm', gen_random_uuid(), '{}', now(), now(), 0 FROM generate_series(1, 20000)`,
  );
  await database.source.query('ANALYZE "Outbox"');
  const plan = await database.source.query(`EXPLAIN SELECT "id" FROM "Outbox" WHERE "sentAt" IS NULL AND ("claimedUntil" IS NULL OR "claimedUntil" < now()) ORDER BY "attempts", "createdAt", "id" LIMIT 200`);
  expect(JSON.stringify(plan)).not.toContain('Seq Scan');
});

it('removes what was sent more than a week ago', async () => {
  await leave(2);
  const [sent] = await claim(1);
  await store.markSent([sent!.id]);
  clock.advance(6 * 24 * 3_600_000);
  expect(await store.purge()).toBe(0);
  clock.advance(25 * 3_600_000);
  expect(await store.purge()).toBe(1);
  expect(await waiting()).toBe(1);
});
