import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { startScratchDatabase } from '@repo/database/testing';
import { builtFile, done, newId, TemporaryError } from '@repo/kernel';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeadLetter } from '../dead-letter.js';
import type { MessageBus } from '../message-bus.js';
import { messageBusSuite, startConsumerProcess, suiteCommand } from '../testing/index.js';
import { PgBossMessageBus, type PgBossMessageBusOptions } from './pg-boss-message-bus.js';

Logger.overrideLogger(false);

let url: string;
let sql: pg.Pool;

beforeAll(async () => {
  ({ url } = await startScratchDatabase());
  sql = new pg.Pool({ connectionString: url, max: 2 });
});
afterAll(() => sql.end());

const inject = async (queue: string, text: string) => {
  await sql.query(`insert into messages.job (name, data) values ($1, jsonb_build_object('text', $2::text))`, [queue, text]);
};

const script = builtFile(import.meta.url, './suite-consumer.process.js');

messageBusSuite(
  'pg-boss',
  () => ({
    open: async (options) => ({ bus: await PgBossMessageBus.open({ url, ...options }), inject }),
    startConsumer: (queue, parallel) => startConsumerProcess(script, url, queue, String(parallel)),
    startWatcher: (queue) => startConsumerProcess(script, url, queue),
  }),
  { outlivesProcesses: true, dropsDuplicates: true },
);

describe('PgBossMessageBus', () => {
  const open: MessageBus[] = [];
  const openBus = async (options: Partial<PgBossMessageBusOptions> = {}) => {
    const bus = await PgBossMessageBus.open({ url, ...options });
    open.push(bus);
    return bus;
  };
  const newCommand = () => suiteCommand(`Own-${randomUUID()}`);
  afterEach(() => Promise.all(open.splice(0).map((bus) => bus.close(1_000))));

  it('delivers within milliseconds, not at the next poll', async () => {
    const bus = await openBus();
    const message = newCommand();
    const latenciesMs: number[] = [];
    let sentAt = 0;
    await bus.subscribe(message, async () => (latenciesMs.push(performance.now() - sentAt), done()), { parallel: 1 });
    for (let n = 0; n < 9; n++) {
      sentAt = performance.now();
      await bus.publish(message, { n });
      await vi.waitFor(() => expect(latenciesMs).toHaveLength(n + 1), { interval: 5 });
      await sleep(20);
    }
    expect(latenciesMs.sort((a, b) => a - b)[4]).toBeLessThan(200);
  });

  it('hands over a dead letter within milliseconds, not at the next poll', async () => {
    const bus = await openBus();
    const message = newCommand();
    const latenciesMs: number[] = [];
    let diedAt = 0;
    await bus.watchDeadLetters(message.queue, async () => void latenciesMs.push(performance.now() - diedAt));
    await bus.subscribe(message, () => ((diedAt = performance.now()), Promise.reject(new TypeError('no'))), { parallel: 1 });
    for (let n = 0; n < 9; n++) {
      await bus.publish(message, { n });
      await vi.waitFor(() => expect(latenciesMs).toHaveLength(n + 1), { interval: 5, timeout: 5_000 });
      await sleep(20);
    }
    expect(latenciesMs.sort((a, b) => a - b)[4]).toBeLessThan(300);
  });

  it('takes for a letter what somebody put among the dead by hand', async () => {
    const bus = await openBus();
    const message = newCommand();
    const kept: DeadLetter[] = [];
    await bus.watchDeadLetters(message.queue, async (letter) => void kept.push(letter));
    for (const data of ['{"text":"{}"}', 'null', '{"text":"{}","death":{"cause":"bad luck"}}']) {
      await sql.query('insert into messages.job (name, data) values ($1, $2)', [`${message.queue}.dead`, data]);
    }
    await vi.waitFor(() => expect(kept.map(({ text }) => text).sort()).toEqual(['null', '{"text":"{}","death":{"cause":"bad luck"}}', '{}'].sort()), 5_000);
    expect(kept).toEqual(Array(3).fill(expect.objectContaining({ queue: message.queue, cause: 'malformed', attempt: 1 })));
  });

  it('takes what lies in the queue in another shape for a malformed message', async () => {
    const letters: unknown[] = [];
    const bus = await openBus({ deadLetters: { record: async (letter) => void letters.push(letter) } });
    const message = newCommand();
    await bus.subscribe(message, async () => done(), { parallel: 1 });
    for (const data of ['null', '7', '"text"', '{"n":1}', '{"text":"{}","history":"none"}']) {
      await sql.query('insert into messages.job (name, data) values ($1, $2)', [message.queue, data]);
    }
    await vi.waitFor(() => expect(letters).toHaveLength(5), 5_000);
    expect(letters).toEqual(Array.from({ length: 5 }, () => expect.objectContaining({ cause: 'malformed' })));
  });

  it('keeps a dead letter with its text, its reason and its history', async () => {
    const bus = await openBus({ retries: { waitsMs: [10], jitter: 0 } });
    const message = newCommand();
    const messageId = newId();
    await bus.subscribe(message, () => Promise.reject(new TemporaryError('away')), { parallel: 1 });
    await bus.publish(message, { n: 3 }, { messageId });
    await vi.waitFor(async () => expect((await bus.depth(message.queue)).dead).toBe(1), 5_000);
    const { rows } = await sql.query('select id, data from messages.job where name = $1', [`${message.queue}.dead`]);
    expect(rows).toHaveLength(1);
    expect(JSON.parse(rows[0].data.text)).toMatchObject({ messageId, body: { n: 3 } });
    expect(rows[0].data.death).toMatchObject({ cause: 'attempts used up', reason: 'TemporaryError: away', attempt: 2 });
    expect(rows[0].data.history).toHaveLength(2);
  });

  it('leaves nothing behind of a message that is done', async () => {
    const bus = await openBus();
    const message = newCommand();
    await bus.subscribe(message, async () => done(), { parallel: 1 });
    await bus.publish(message, { n: 1 });
    await vi.waitFor(async () => expect((await sql.query('select from messages.job where name = $1', [message.queue])).rowCount).toBe(0), 3_000);
  });

  it('does not blame a message for a crash of the whole server', async () => {
    const bus = await openBus();
    const message = newCommand();
    await bus.publish(message, { n: 1 });
    await sql.query(`update messages.job set state = 'active', started_on = pg_postmaster_start_time() - interval '1 s' where name = $1`, [message.queue]);
    const attempts: number[] = [];
    await bus.subscribe(message, async (_, { attempt }) => (attempts.push(attempt), done()), { parallel: 1 });
    await vi.waitFor(() => expect(attempts).toEqual([1]), 3_000);
  });

  it('clears a suspect at once, alone, and does not send it to the end of the queue', async () => {
    const bus = await openBus();
    const message = newCommand();
    for (let n = 0; n < 60; n++) {
      await bus.publish(message, { n });
    }
    await sql.query(`update messages.job set data = jsonb_set(data, '{crashes}', '1') where name = $1 and data->>'text' like '%"n":30}%'`, [message.queue]);
    const order: number[] = [];
    let running = 0;
    let besideSuspect = 0;
    const handler = async ({ n }: { n: number }) => {
      running++;
      order.push(n);
      await sleep(10);
      besideSuspect += n === 30 ? running - 1 : 0;
      running--;
      return done();
    };
    await bus.subscribe(message, handler, { parallel: 4 });
    await vi.waitFor(() => expect(order).toHaveLength(60), 10_000);
    expect(besideSuspect).toBe(0);
    expect(order.indexOf(30)).toBeLessThan(40);
  });

  it('takes over from a worker that is stuck, though it is still connected', async () => {
    const stuck = await openBus();
    const message = newCommand();
    await stuck.subscribe(message, () => new Promise(() => undefined), { parallel: 1 });
    await stuck.publish(message, { n: 1 });
    await vi.waitFor(async () => expect((await stuck.depth(message.queue)).running).toBe(1), 3_000);
    await sql.query(`update messages.job set started_on = now() - interval '71 s' where name = $1`, [message.queue]);
    const other = await openBus();
    const attempts: number[] = [];
    await other.subscribe(message, async (_, { attempt }) => (attempts.push(attempt), done()), { parallel: 1 });
    await vi.waitFor(() => expect(attempts).toHaveLength(1), 3_000);
  });

  it('leaves alone what a living process works on', async () => {
    const first = await openBus();
    const message = newCommand();
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    let begun = 0;
    await first.subscribe(message, async () => (begun++, await finished, done()), { parallel: 1 });
    await first.publish(message, { n: 1 });
    await vi.waitFor(() => expect(begun).toBe(1));
    const second = await openBus();
    const taken: number[] = [];
    await second.subscribe(message, async ({ n }) => (taken.push(n), done()), { parallel: 1 });
    await sleep(1_500);
    expect(taken).toEqual([]);
    finish();
    await vi.waitFor(async () => expect((await first.depth(message.queue)).running).toBe(0));
  });

  it('comes back by itself after its connections were cut', async () => {
    const bus = await openBus();
    const message = newCommand();
    const received: number[] = [];
    await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
    await bus.publish(message, { n: 1 });
    await vi.waitFor(() => expect(received).toEqual([1]));
    await sql.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'messages%' and datname = current_database()`);
    await vi.waitFor(() => bus.publish(message, { n: 2 }), 5_000);
    await vi.waitFor(() => expect(received).toEqual([1, 2]), 5_000);
    await vi.waitFor(() => bus.roundTrip(2_000), 5_000);
    // Marked as a consumer again, too: a stranger must not take its messages for abandoned.
    const { rows } = await sql.query(`select count(*)::int as marks from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`);
    expect(rows[0].marks).toBe(1);
  });

  it('publishes into a queue that somebody deleted', async () => {
    const bus = await openBus();
    const message = newCommand();
    await bus.publish(message, { n: 1 });
    await sql.query('select messages.delete_queue($1)', [message.queue]).catch(() => undefined);
    await sql.query('delete from messages.job where name = $1', [message.queue]);
    await sql.query('select messages.delete_queue($1)', [message.queue]);
    await bus.publish(message, { n: 2 });
    const received: number[] = [];
    await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
    await vi.waitFor(() => expect(received).toEqual([2]), 3_000);
  });

  it('starts in several processes at once on an empty database', async () => {
    const { url: empty } = await startScratchDatabase();
    const buses = await Promise.all(Array.from({ length: 4 }, () => PgBossMessageBus.open({ url: empty })));
    const messages = Array.from({ length: 4 }, newCommand);
    await Promise.all(buses.map((bus) => Promise.all(messages.map((message) => bus.publish(message, { n: 1 })))));
    expect((await buses[0]!.depth(messages[3]!.queue)).waiting).toBe(4);
    await Promise.all(buses.map((bus) => bus.close(100)));
  });

  it('says that it can not be reached, in time', async () => {
    await expect(PgBossMessageBus.open({ url: 'postgres://nobody:x@127.0.0.1:1/none' })).rejects.toThrow(TemporaryError);
  });

  it('holds at most four connections', async () => {
    const bus = await openBus();
    const message = newCommand();
    await bus.subscribe(message, async () => done(), { parallel: 8 });
    const before = open.length;
    await Promise.all(Array.from({ length: 100 }, (_, n) => bus.publish(message, { n })));
    const { rows } = await sql.query(`select count(*)::int as connections from pg_stat_activity where application_name like 'messages%' and datname = current_database()`);
    expect(rows[0].connections).toBeLessThanOrEqual(4 * before);
  });
});
