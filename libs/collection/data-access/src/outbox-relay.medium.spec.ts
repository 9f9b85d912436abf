import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { modelTraining } from '@repo/contracts';
import { CollectionDatabase } from '@repo/database';
import { startScratchDatabase } from '@repo/database/testing';
import { builtFile, done, newId } from '@repo/kernel';
import { OutboxRelay, type MessageBus } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { RabbitServer } from '@repo/servers';
import { IsNull } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openScratchCollection } from './new-item.fixture.js';
import { leaveMessages } from './outbox-rows.js';
import { OutboxRow } from './outbox.row.js';
import { SqlOutboxStore } from './sql-outbox.store.js';

Logger.overrideLogger(false);

let database: CollectionDatabase;
let databaseUrl: string;
let rabbit: RabbitServer | undefined;

beforeAll(async () => {
  database = await openScratchCollection();
  databaseUrl = (database.source.options as { url: string }).url;
  rabbit = RabbitServer.isInstalled() ? await RabbitServer.start() : undefined;
});
afterAll(async () => {
  await database.close();
  await rabbit?.stop();
});
beforeEach(() => database.source.getRepository(OutboxRow).deleteAll());

/** Four batches of 200: what a relay that is killed may have published without having marked it. */
const mostOnTheirWay = 800;

const unsent = () => database.source.getRepository(OutboxRow).countBy({ sentAt: IsNull() });

/** Answers the ids of their messages. */
async function leave(count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, (_, totalImages) => ({
    messageName: modelTraining.name,
    queue: modelTraining.queue,
    messageId: newId() as string,
    body: { batchId: newId(), totalImages, fotoId: newId() },
  }));
  await leaveMessages(database.source.manager, messages, new Date());
  return messages.map(({ messageId }) => messageId);
}

const brokers: [name: string, isThere: boolean, getUrl: () => Promise<string>][] = [
  ['RabbitMQ', RabbitServer.isInstalled(), async () => rabbit!.url],
  ['queues in PostgreSQL', true, async () => (await startScratchDatabase()).url],
];

describe.each(brokers)('relays on %s', (name, isThere, getUrl) => {
  let url: string;
  let bus: MessageBus;
  const processes: ChildProcess[] = [];
  /** How often each message came. */
  const arrivals = new Map<string, number>();
  const timesOf = (ids: readonly string[]) => ids.map((id) => arrivals.get(id) ?? 0);

  describe.skipIf(!isThere)('of several processes', () => {
    beforeAll(async () => {
      url = await getUrl();
      bus = await connectMessageBus({ url });
      await bus.subscribe(modelTraining, async (_, { messageId }) => (arrivals.set(messageId, (arrivals.get(messageId) ?? 0) + 1), done()), { parallel: 10 });
    });
    afterEach(() => {
      processes.splice(0).forEach((child) => child.kill('SIGKILL'));
    });
    afterAll(() => bus?.close(1_000));

    async function openRelay(claims: 'quick' | 'whole', crashAt = ''): Promise<ChildProcess> {
      const child = fork(builtFile(import.meta.url, './relay.process.js'), [databaseUrl, url, claims, crashAt], { execArgv: [] });
      processes.push(child);
      await once(child, 'message');
      return child;
    }

    // D08, and M01 for the relay's part of the road.
    it.each(['relay.claimed', ...(name === 'RabbitMQ' ? ['rabbit.sent:100'] : []), 'relay.published', 'relay.marked'])('lose nothing when one of two is killed at %s', async (crashAt) => {
      const [doomed, other] = await Promise.all([openRelay('quick', crashAt), openRelay('quick')]);
      const ids = await leave(2_000);
      const death = once(doomed, 'exit');
      doomed.send('start');
      other.send('start');
      const [, signal] = (await death) as [null, string];
      expect(signal).toBe('SIGKILL');
      await vi.waitFor(async () => expect(await unsent()).toBe(0), 20_000);
      await vi.waitFor(() => expect(timesOf(ids)).not.toContain(0), 20_000);
      expect(timesOf(ids).filter((times) => times > 1).length).toBeLessThanOrEqual(mostOnTheirWay);
    });

    it('share the rows and send each once while both live', async () => {
      const relays = await Promise.all([openRelay('whole'), openRelay('whole')]);
      relays.forEach((relay) => relay.send('start'));
      const ids: string[] = [];
      for (let n = 0; n < 10; n++) {
        ids.push(...(await leave(100)));
      }
      await vi.waitFor(async () => expect(await unsent()).toBe(0), 20_000);
      await vi.waitFor(() => expect(timesOf(ids)).not.toContain(0), 20_000);
      expect(timesOf(ids).filter((times) => times > 1)).toEqual([]);
    });
  });
});

describe.skipIf(!RabbitServer.isInstalled())('a relay on RabbitMQ', () => {
  const withRelay = async (work: (relay: OutboxRelay, broker: RabbitServer, bus: MessageBus) => Promise<void>) => {
    const bus = await connectMessageBus({ url: rabbit!.url });
    const relay = new OutboxRelay(new SqlOutboxStore(database), bus);
    try {
      await work(relay, rabbit!, bus);
    } finally {
      await relay.stop();
      await bus.close(1_000);
    }
  };

  // M07
  it('marks nothing as sent that the broker had no queue for, tells of it, and sends it once there is one', async () => {
    await withRelay(async (relay, broker, bus) => {
      const error = vi.spyOn(Logger.prototype, 'error');
      await broker.ctl('delete_queue', modelTraining.queue);
      await leave(3);
      relay.start();
      const rows = database.source.getRepository(OutboxRow);
      await vi.waitFor(async () => expect(await rows.countBy({ attempts: 1 })).toBe(3), 5_000);
      expect(await unsent()).toBe(3);
      expect(error.mock.calls.map(([line]) => line)).toEqual(Array(3).fill(expect.objectContaining({ msg: 'an outbox row can not be published', attempts: 1 })));
      await vi.waitFor(async () => expect(await unsent()).toBe(0), { timeout: 30_000, interval: 200 });
      expect(await bus.depth(modelTraining.queue)).toMatchObject({ waiting: 3 });
    });
  });

  it('keeps 1,200 rows while the broker is away, without a lock or a waiting connection, and sends them within 10 s of its return', async () => {
    await withRelay(async (relay, broker) => {
      relay.start();
      await broker.kill();
      await leave(1_200);
      relay.wake();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await unsent()).toBe(1_200);
      expect(await database.source.query(`SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)).toEqual([]);
      await broker.startAgain();
      await vi.waitFor(async () => expect(await unsent()).toBe(0), { timeout: 10_000, interval: 100 });
      expect(await database.source.getRepository(OutboxRow).countBy({ attempts: 0 })).toBe(1_200);
    });
  });

  it('keeps rows while the broker hangs, and sends them when it goes on', async () => {
    await withRelay(async (relay, broker) => {
      relay.start();
      broker.pause();
      await leave(50);
      relay.wake();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      expect(await database.source.query(`SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`)).toEqual([]);
      expect(await unsent()).toBe(50);
      broker.resume();
      await vi.waitFor(async () => expect(await unsent()).toBe(0), { timeout: 20_000, interval: 100 });
    });
  });
});
