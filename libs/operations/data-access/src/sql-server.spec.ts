import { CollectionDatabase, type LearningDatabase } from '@repo/database';
import { captureMssql, mssqlTraps, type CapturedMssql } from '@repo/database/testing';
import { newId, type PhotoId } from '@repo/kernel';
import type { SentMessage } from '@repo/operations-domain';
import { beforeAll, expect, it } from 'vitest';
import { auditEntry, deadMessage, QUEUE, replayOf } from './letters.fixture.js';
import { SqlDeadLetterRepository } from './sql-dead-letter.repository.js';
import { SqlErrorLogRepository } from './sql-error-log.repository.js';
import { SqlSentMessageLog } from './sql-sent-message-log.js';
import { operationsEntities } from './tables.js';

/** What a call sends. */
type Case = [call: () => Promise<unknown>, sends: string];
/** Every public method, so that a new one without a call here does not compile. */
type Calls<Repository> = { [Method in keyof Repository]: Case };

const letter = deadMessage();
const earlier = deadMessage();
const sent: SentMessage = { id: newId(), messageId: newId(), body: '{}', sentAt: new Date('2026-02-01T00:00:00.123Z') };
const photoId = newId<PhotoId>();
const learning = { source: { query: async () => [{ photoId, isMarkedRemoved: false, job: 'none' }] } } as unknown as LearningDatabase;

let server: CapturedMssql;
let letters: SqlDeadLetterRepository;
let errors: SqlErrorLogRepository;
let log: SqlSentMessageLog;

const letterCalls: Calls<SqlDeadLetterRepository> = {
  keep: [() => letters.keep(letter, 'm'), 'SELECT DeadLetters, SELECT DeadLetters, INSERT DeadLetters, INSERT ErrorLog'],
  claimAlarm: [() => letters.claimAlarm(letter.letterId, letter.deadAt), 'UPDATE DeadLetters'],
  openLetters: [() => letters.openLetters(), 'SELECT DeadLetters'],
  groups: [() => letters.groups(QUEUE), 'SELECT DeadLetters, SELECT DeadLetters'],
  rounds: [() => letters.rounds(QUEUE, letter.letterId), 'SELECT DeadLetters, SELECT DeadLetters, SELECT DeadLetters, SELECT QueueAudit'],
  openInGroup: [() => letters.openInGroup(QUEUE, 'key'), 'SELECT DeadLetters'],
  getMany: [() => letters.getMany([letter.letterId]), 'SELECT DeadLetters'],
  replay: [
    () => letters.replay([replayOf(letter), replayOf(earlier, { edited: true })], auditEntry()),
    'UPDATE DeadLetters, UPDATE DeadLetters, INSERT Outbox, UPDATE QueueAudit',
  ],
  discard: [() => letters.discard(letter.letterId, auditEntry()), 'UPDATE DeadLetters, UPDATE QueueAudit'],
};
const errorCalls: Calls<SqlErrorLogRepository> = {
  page: [() => errors.page(50, { timestamp: letter.deadAt, id: newId() }), 'SELECT ErrorLog'],
};
const logCalls: Calls<SqlSentMessageLog> = {
  page: [() => log.page('photo.augment.v1', { from: sent.sentAt, until: sent.sentAt }, 500, sent), 'SELECT Outbox'],
  tracesOf: [() => log.tracesOf([{ messageId: sent.messageId, photoId }]), 'SELECT Fotos, SELECT DeadLetters'],
  sendAgain: [() => log.sendAgain([sent], sent.sentAt), 'UPDATE Outbox, UPDATE DeadLetters'],
};
const named = (subject: string, calls: Record<string, Case>) => Object.entries(calls).map(([method, one]): [string, ...Case] => [`${subject}.${method}`, ...one]);

beforeAll(async () => {
  server = await captureMssql(operationsEntities);
  server.answerWith(answer);
  const database = new CollectionDatabase(server.source);
  letters = new SqlDeadLetterRepository(database);
  errors = new SqlErrorLogRepository(database);
  log = new SqlSentMessageLog(database, learning);
});

/** One letter, that was a replay of `earlier` and had none of its own, under the names that the query asks for. */
function answer(sql: string): Record<string, unknown>[] | undefined {
  if (!/^SELECT .* FROM "DeadLetters"/s.test(sql) || /"replayOf" = @0|"replayMessageId" = @0|"messageId" = @1/.test(sql)) {
    return undefined;
  }
  const isEarlier = /"letterId" = @0/.test(sql) && !/"queue" = @0/.test(sql);
  const row: Record<string, unknown> = { ...(isEarlier ? earlier : { ...letter, replayOf: earlier.letterId }), groupKey: 'k', history: '[]', auditId: newId() };
  const aliases = [...sql.matchAll(/AS "(\w+)"/g)].map(([, alias = '']) => alias);
  return [Object.fromEntries(aliases.map((alias) => [alias, row[alias.slice(alias.lastIndexOf('_') + 1)] ?? null]))];
}

const summaryOf = (sql: string) => `${sql.split(' ', 1)[0]} ${/(?:FROM|INTO|UPDATE) "(\w+)"/.exec(sql)?.[1]}`;

it.each<[string, ...Case]>([...named('letters', letterCalls), ...named('errors', errorCalls), ...named('log', logCalls)])(
  'speaks to SQL Server in words it knows: %s',
  async (_, call, sends) => {
    server.clear();
    await call();
    expect(server.statements.map(({ sql }) => summaryOf(sql)).join(', ')).toBe(sends);
    expect(server.statements.flatMap((statement) => mssqlTraps(statement).map((trap) => `${trap}: ${statement.sql}`))).toEqual([]);
  },
);
