import { LearningDatabase, type CollectionDatabase } from '@repo/database';
import { openScratchDatabase } from '@repo/database/testing';
import { newId, type PhotoId } from '@repo/kernel';
import type { MessageTraces } from '@repo/operations-domain';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { auditEntry, deadMessage, openScratchOperations, QUEUE, replayOf } from './letters.fixture.js';
import { OutboxEntryRow } from './outbox-entry.row.js';
import { SqlDeadLetterRepository } from './sql-dead-letter.repository.js';
import { SqlSentMessageLog } from './sql-sent-message-log.js';

let collection: CollectionDatabase;
let learning: LearningDatabase;
let log: SqlSentMessageLog;
const outbox = () => collection.source.getRepository(OutboxEntryRow);

beforeAll(async () => {
  collection = await openScratchOperations();
  learning = new LearningDatabase(await openScratchDatabase({ entities: [], migrations: [] }));
  log = new SqlSentMessageLog(collection, learning);
  await learning.source.query('CREATE TABLE augmentation_jobs (photo_id uuid PRIMARY KEY, status text NOT NULL, lease_until timestamptz NOT NULL)');
  await learning.source.query('CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY)');
});
afterAll(async () => {
  await collection.close();
  await learning.close();
});
beforeEach(() => outbox().deleteAll());

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const all = { from: at(0), until: at(59) };

interface Entry {
  messageName?: string;
  sentAt?: Date | null;
  messageId?: string;
}
async function sent({ messageName = 'photo.augment.v1', sentAt = at(1), messageId = newId() }: Entry = {}): Promise<string> {
  await outbox().insert({ id: newId(), queue: QUEUE, messageName, messageId, body: '{}', traceparent: null, createdAt: at(0), sentAt, attempts: 2, claimedUntil: at(1) });
  return messageId;
}
const idsOf = (rows: readonly { messageId: string }[]) => rows.map(({ messageId }) => messageId);

it('gives what was sent within a time, oldest first', async () => {
  const [third, first, second] = [await sent({ sentAt: at(30) }), await sent({ sentAt: at(10) }), await sent({ sentAt: at(20) })];
  await sent({ sentAt: null });
  await sent({ sentAt: at(9) });
  await sent({ sentAt: at(31) });
  await sent({ sentAt: at(20), messageName: 'photo.remove.v1' });
  expect(idsOf(await log.page('photo.augment.v1', { from: at(10), until: at(30) }, 10))).toEqual([first, second, third]);
});

it('gives each message once, page by page, also those of one moment', async () => {
  const messages = [];
  for (let i = 0; i < 7; i += 1) {
    messages.push(await sent({ sentAt: at(i < 2 ? 1 : 5) }));
  }
  const pages: string[][] = [];
  for (let page = await log.page('photo.augment.v1', all, 2); page.length > 0; page = await log.page('photo.augment.v1', all, 2, page.at(-1))) {
    pages.push(idsOf(page));
  }
  expect(pages.map((page) => page.length)).toEqual([2, 2, 2, 1]);
  expect(pages.flat().sort()).toEqual(messages.sort());
});

it('finds the traces of messages in both databases', async () => {
  const letters = new SqlDeadLetterRepository(collection);
  const photo = async (exists: boolean, job?: [status: string, leaseS: number]) => {
    const photoId = newId<PhotoId>();
    if (exists) {
      await collection.source.createQueryBuilder().insert().into('Fotos', ['id']).values({ id: photoId }).execute();
    }
    if (job) {
      const [status, leaseS] = job;
      await learning.source.query(`INSERT INTO augmentation_jobs VALUES ($1, $2, now() + $3 * interval '1 s')`, [photoId, status, leaseS]);
    }
    return photoId;
  };
  const untouched: MessageTraces = { photoExists: true, isDeadLetter: false, isMarkedRemoved: false, job: 'none' };
  const removed = await photo(false);
  await learning.source.query('INSERT INTO removed_photos VALUES ($1)', [removed]);
  const [open, replayed] = [deadMessage(), deadMessage()];
  await letters.keep(open, 'm');
  await letters.keep(replayed, 'm');
  await letters.replay([replayOf(replayed)], auditEntry());

  const cases: [PhotoId, MessageTraces, messageId?: string][] = [
    [await photo(true), untouched],
    [await photo(true, ['processing', 60]), { ...untouched, job: 'running' }],
    [await photo(true, ['processing', -1]), { ...untouched, job: 'stopped' }],
    [await photo(true, ['success', -1]), { ...untouched, job: 'success' }],
    [await photo(true, ['failed', -1]), { ...untouched, job: 'stopped' }],
    [removed, { ...untouched, photoExists: false, isMarkedRemoved: true }],
    [await photo(true), { ...untouched, isDeadLetter: true }, open.messageId],
    [await photo(true), { ...untouched, isDeadLetter: true }, replayed.messageId],
  ];
  const traces = await log.tracesOf(cases.map(([photoId, , messageId = newId()]) => ({ photoId, messageId })));
  expect(traces).toEqual(cases.map(([, expected]) => expected));
});

it('puts messages back into the outbox in their order, under new ids', async () => {
  await sent();
  await sent();
  const messages = await log.page('photo.augment.v1', all, 10);
  expect(await log.sendAgain(messages, at(40))).toBe(2);
  const rows = await outbox().find({ order: { createdAt: 'ASC' } });
  expect(rows).toMatchObject(messages.map(({ id }, index) => ({ id, sentAt: null, attempts: 0, claimedUntil: null, createdAt: new Date(at(40).getTime() + index) })));
  expect(new Set([...idsOf(rows), ...idsOf(messages)]).size).toBe(4);
});

it('puts a message back once, of however many who find it lost', async () => {
  await sent();
  const messages = await log.page('photo.augment.v1', all, 10);
  const counts = await Promise.all(Array.from({ length: 8 }, () => log.sendAgain(messages, at(40))));
  expect(counts.reduce((sum, one) => sum + one)).toBe(1);
  expect(await outbox().count()).toBe(1);
});

it('keeps a replayed letter linked to its message when that is sent again', async () => {
  const letters = new SqlDeadLetterRepository(collection);
  const letter = deadMessage();
  await letters.keep(letter, 'm');
  const replay = replayOf(letter);
  await letters.replay([replay], auditEntry());
  await outbox().updateAll({ sentAt: at(2) });
  await log.sendAgain(await log.page('photo.augment.v1', all, 10), at(40));
  const [row] = await outbox().find();
  expect(row?.messageId).not.toBe(replay.messageId);
  expect(await letters.getMany([letter.letterId])).toMatchObject([{ replayMessageId: row?.messageId }]);
});
