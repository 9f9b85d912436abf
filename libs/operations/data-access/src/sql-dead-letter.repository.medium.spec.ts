import type { CollectionDatabase } from '@repo/database';
import { newId } from '@repo/kernel';
import { groupKeyOf, type DeadMessage, type LetterId } from '@repo/operations-domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditEntry, deadMessage, nextMinute, openScratchOperations, QUEUE, replayOf, without } from './letters.fixture.js';
import { SqlDeadLetterRepository } from './sql-dead-letter.repository.js';
import { SqlErrorLogRepository } from './sql-error-log.repository.js';

let database: CollectionDatabase;
let letters: SqlDeadLetterRepository;
const query = <Row>(sql: string) => database.source.query(sql) as Promise<Row[]>;

beforeAll(async () => {
  database = await openScratchOperations();
  letters = new SqlDeadLetterRepository(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  for (const table of ['DeadLetters', 'QueueAudit', 'ErrorLog', 'Outbox']) {
    await query(`DELETE FROM "${table}"`);
  }
});

async function kept(overrides: Partial<DeadMessage> = {}): Promise<DeadMessage> {
  const letter = deadMessage(overrides);
  await letters.keep(letter, 'Message failed 3x');
  return letter;
}
const count = async (table: string) => (await query(`SELECT 1 FROM "${table}"`)).length;
const stateOf = async ({ letterId }: DeadMessage) => (await letters.getMany([letterId]))[0]?.state;

describe('keeping a letter', () => {
  it('keeps all of it, with its entry in the error log', async () => {
    const letter = await kept();
    expect(await letters.getMany([letter.letterId])).toEqual([expect.objectContaining({ ...letter, state: 'open' })]);
    const { messageId, letterId, itemId, photoId: fotoId } = letter;
    expect(await new SqlErrorLogRepository(database).page(10)).toEqual([
      {
        id: expect.any(String),
        message: 'Message failed 3x',
        reason: letter.reason,
        context: { itemId, fotoId, attempt: 3, queue: QUEUE, cause: 'attempts used up', messageName: 'photo.augment.v1', messageId, letterId },
        timestamp: letter.deadAt,
      },
    ]);
  });

  it('keeps it once, however often and by however many at once it is handed over', async () => {
    const letter = deadMessage();
    await Promise.all(Array.from({ length: 10 }, () => letters.keep(letter, 'm')));
    await letters.keep({ ...letter, reason: 'another' }, 'm');
    expect([await count('DeadLetters'), await count('ErrorLog')]).toEqual([1, 1]);
  });

  it('keeps the copy of a message that was published twice as the one letter, and lets nobody tell of it', async () => {
    const letter = await kept();
    const body = { itemId: letter.itemId, fotoId: letter.photoId };
    const copy = await kept({ messageId: letter.messageId, text: JSON.stringify({ messageId: letter.messageId, sentAt: 'later', body }) });
    expect([await count('DeadLetters'), await count('ErrorLog'), await letters.claimAlarm(copy.letterId, nextMinute())]).toEqual([1, 1, false]);
    await kept({ messageId: letter.messageId, text: JSON.stringify({ messageId: letter.messageId, body: { ...body, other: 1 } }) });
    expect(await count('DeadLetters')).toBe(2);
  });

  it('keeps nothing of it when a part can not be kept', async () => {
    await without('ErrorLog', database, () => expect(letters.keep(deadMessage(), 'm')).rejects.toThrow());
    expect(await count('DeadLetters')).toBe(0);
  });

  it('takes any text and any length', async () => {
    const text = `\0{"a":"${'\ud83d'}${'x'.repeat(1_000_000)}`;
    const letter = await kept({ text, reason: `\0${'ção'.repeat(1_000)}`, messageName: 'n'.repeat(500), messageId: undefined, history: [{ attempt: 1, failedAt: 'x', error: '\0' }] });
    const [found] = await letters.getMany([letter.letterId]);
    expect(found?.text).toMatch(/^\u2400\{"a":"[\ud83d\ufffd]x{1000000}$/); // half a pair, as the database has it
    expect(found).toMatchObject({ reason: `\u2400${'ção'.repeat(1_000)}`.slice(0, 2_000), messageName: 'n'.repeat(100), history: letter.history });
  });

  it('lets one alone tell people about it', async () => {
    const { letterId } = await kept();
    const claims = await Promise.all(Array.from({ length: 10 }, () => letters.claimAlarm(letterId, nextMinute())));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await letters.claimAlarm(letterId, nextMinute())).toBe(false);
  });
});

describe('the lists', () => {
  it('count open letters by queue, with the oldest', async () => {
    const oldest = await kept();
    await kept();
    const elsewhere = await kept({ queue: 'PhotoRemovals' });
    await letters.discard((await kept({ queue: 'ModelTraining' })).letterId, auditEntry());
    expect(await letters.openLetters()).toEqual(
      expect.arrayContaining([
        { queue: QUEUE, count: 2, oldest: oldest.deadAt },
        { queue: 'PhotoRemovals', count: 1, oldest: elsewhere.deadAt },
      ]),
    );
    expect(await letters.openLetters()).toHaveLength(2);
  });

  it('group open letters that failed alike, those that grew last first, with the newest as samples', async () => {
    const alike = [await kept(), await kept(), await kept(), await kept()];
    const other = await kept({ cause: 'malformed', reason: 'The message is not JSON' });
    await kept({ queue: 'PhotoRemovals' });
    await letters.discard((await kept()).letterId, auditEntry());
    const groups = await letters.groups(QUEUE);
    expect(groups).toMatchObject([
      { cause: 'malformed', pattern: 'The message is not JSON', count: 1, first: other.deadAt, last: other.deadAt },
      { groupKey: groupKeyOf(alike[0]!), cause: 'attempts used up', pattern: "TemporaryError: photo # can't be read", count: 4, first: alike[0]?.deadAt, last: alike[3]?.deadAt },
    ]);
    expect(groups[1]?.samples.map(({ letterId }) => letterId)).toEqual([alike[3], alike[2], alike[1]].map((letter) => letter?.letterId));
  });

  it('gives the open letters of a group in the order in which their messages were made', async () => {
    const [first, second, third] = [newId(), newId(), newId()];
    const made = [await kept({ messageId: third }), await kept({ messageId: first }), await kept({ messageId: second })];
    await kept({ reason: 'another' });
    await letters.discard((await kept()).letterId, auditEntry());
    expect(await letters.openInGroup(QUEUE, groupKeyOf(made[0]!))).toEqual([made[1], made[2], made[0]].map((letter) => letter?.letterId));
  });
});

describe('a replay', () => {
  it('marks the letter, leaves the message in the outbox and says who did it', async () => {
    const letter = await kept();
    const audit = auditEntry({ letterId: letter.letterId });
    const replay = replayOf(letter, { traceparent: '00-1-1-01' });
    expect(await letters.replay([replay], audit)).toBe(1);
    expect(await letters.rounds(QUEUE, letter.letterId)).toMatchObject([{ state: 'replayed', replayedAt: audit.at, replayMessageId: replay.messageId, editedBody: undefined, text: letter.text, settledBy: audit }]);
    expect(await query('SELECT * FROM "Outbox"')).toEqual([
      { id: expect.any(String), queue: QUEUE, messageName: 'photo.augment.v1', messageId: replay.messageId, body: '{"a":1}', traceparent: '00-1-1-01', createdAt: replay.at, sentAt: null, attempts: 0, claimedUntil: null },
    ]);
    expect(await query('SELECT * FROM "QueueAudit"')).toEqual([{ ...audit, letters: 1, groupKey: null }]);
  });

  it('keeps the body beside the original when it was edited', async () => {
    const letter = await kept();
    await letters.replay([replayOf(letter, { edited: true, body: '{"a":2}' })], auditEntry());
    expect(await letters.getMany([letter.letterId])).toMatchObject([{ text: letter.text, editedBody: '{"a":2}' }]);
  });

  it('happens once, of however many who ask at once', async () => {
    const found = [await kept(), await kept(), await kept()];
    const counts = await Promise.all(Array.from({ length: 8 }, () => letters.replay(found.map((letter) => replayOf(letter)), auditEntry())));
    expect(counts.reduce((sum, one) => sum + one)).toBe(3);
    expect(await letters.replay(found.map((letter) => replayOf(letter)), auditEntry())).toBe(0);
    expect([await count('Outbox'), await count('QueueAudit')]).toEqual([3, counts.filter((one) => one > 0).length]);
  });

  it('counts several steps of one action in one audit entry', async () => {
    const audit = auditEntry({ what: 'replay group', groupKey: 'key' });
    await letters.replay([replayOf(await kept()), replayOf(await kept())], audit);
    await letters.replay([replayOf(await kept())], audit);
    expect(await query('SELECT "letters", "groupKey" FROM "QueueAudit"')).toEqual([{ letters: 3, groupKey: 'key' }]);
  });

  it.each(['Outbox', 'QueueAudit'])('does nothing when %s can not be written', async (table) => {
    const letter = await kept();
    await without(table, database, () => expect(letters.replay([replayOf(letter)], auditEntry())).rejects.toThrow());
    expect([await stateOf(letter), await count('Outbox'), await count('QueueAudit')]).toEqual(['open', 0, 0]);
  });

  it('that fails again is another round of the same story', async () => {
    const first = await kept();
    const replay = replayOf(first);
    await letters.replay([replay], auditEntry());
    const second = await kept({ messageId: replay.messageId });
    const again = replayOf(second);
    await letters.replay([again], auditEntry());
    const third = await kept({ messageId: again.messageId });
    await kept();
    for (const { letterId } of [first, second, third]) {
      const rounds = await letters.rounds(QUEUE, letterId);
      expect(rounds.map((round) => [round.letterId, round.state, round.replayOf])).toEqual([
        [first.letterId, 'replayed', undefined],
        [second.letterId, 'replayed', first.letterId],
        [third.letterId, 'open', second.letterId],
      ]);
    }
  });
});

describe('a discarded letter', () => {
  it('stays, with who discarded it and why', async () => {
    const letter = await kept();
    const audit = auditEntry({ what: 'discard', letterId: letter.letterId });
    expect(await letters.discard(letter.letterId, audit)).toBe(true);
    expect(await letters.rounds(QUEUE, letter.letterId)).toMatchObject([{ state: 'discarded', settledBy: audit }]);
  });

  it('is neither discarded nor replayed again, and a replayed one not discarded', async () => {
    const [discarded, replayed] = [await kept(), await kept()];
    await letters.discard(discarded.letterId, auditEntry());
    await letters.replay([replayOf(replayed)], auditEntry());
    expect(await letters.discard(discarded.letterId, auditEntry())).toBe(false);
    expect(await letters.replay([replayOf(discarded)], auditEntry())).toBe(0);
    expect(await letters.discard(replayed.letterId, auditEntry())).toBe(false);
    expect(await count('QueueAudit')).toBe(2);
  });
});

it('finds no rounds of a letter that is not there, or in another queue', async () => {
  const { letterId } = await kept();
  expect(await letters.rounds(QUEUE, newId<LetterId>())).toEqual([]);
  expect(await letters.rounds('PhotoRemovals', letterId)).toEqual([]);
});

it('pages through the error log, newest first', async () => {
  const errors = new SqlErrorLogRepository(database);
  const deadAt = nextMinute();
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await letters.keep(deadMessage({ deadAt: name === 'a' ? nextMinute() : deadAt }), name); // those of one moment lie side by side
  }
  const first = await errors.page(2);
  const second = await errors.page(2, first[1]);
  const third = await errors.page(2, second[1]);
  expect(first[0]?.message).toBe('a');
  expect([...first, ...second, ...third].map(({ message }) => message).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(await errors.page(2, third[0])).toEqual([]);
});
