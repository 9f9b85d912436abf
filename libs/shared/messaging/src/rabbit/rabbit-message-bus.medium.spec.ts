import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AccessDeniedError, builtFile, done, newId, PermanentError, TemporaryError } from '@repo/kernel';
import { RabbitServer } from '@repo/servers';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DeadLetter } from '../dead-letter.js';
import { UnroutableError } from '../message-bus.js';
import { messageBusSuite, startConsumerProcess, suiteCommand } from '../testing/index.js';
import { QueueMismatchError } from './errors.js';
import { RabbitMessageBus, type RabbitMessageBusOptions } from './rabbit-message-bus.js';

Logger.overrideLogger(false);

const script = builtFile(import.meta.url, './suite-consumer.process.js');

describe.skipIf(!RabbitServer.isInstalled())('with a RabbitMQ server', () => {
  let server: RabbitServer;
  let stranger: ChannelModel;

  beforeAll(async () => {
    server = await RabbitServer.start();
    stranger = await connect(server.url);
  });
  afterAll(async () => {
    await stranger.close();
    await server.stop();
  });

  /** Does something to the broker as somebody else. */
  async function asStranger<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const channel = await stranger.createConfirmChannel();
    const result = await work(channel);
    await channel.close();
    return result;
  }

  const inject = (queue: string, text: string, headers: Record<string, unknown> = {}) =>
    asStranger(async (channel) => {
      channel.sendToQueue(queue, Buffer.from(text), { persistent: true, headers });
      await channel.waitForConfirms();
    });

  messageBusSuite(
    'rabbit',
    () => ({
      open: async (options) => ({ bus: await RabbitMessageBus.open({ url: server.url, settleMs: 0, ...options }), inject }),
      startConsumer: (queue, parallel) => startConsumerProcess(script, server.url, queue, String(parallel)),
      startWatcher: (queue) => startConsumerProcess(script, server.url, queue),
    }),
    { outlivesProcesses: true, dropsDuplicates: false },
  );

  describe('RabbitMessageBus', () => {
    const open: RabbitMessageBus[] = [];
    const openBus = async (options: Partial<RabbitMessageBusOptions> = {}) => {
      const bus = await RabbitMessageBus.open({ url: server.url, settleMs: 0, ...options });
      open.push(bus);
      return bus;
    };
    const newCommand = () => suiteCommand(`Own-${randomUUID()}`);
    afterEach(() => Promise.all(open.splice(0).map((bus) => bus.close(1_000))));

    describe('opening', () => {
      it('gives new queues their time before anything is put there, and old ones none', async () => {
        const queues = [newCommand().queue, newCommand().queue];
        const opening = async () => {
          const startedAt = performance.now();
          await openBus({ queues, settleMs: 1_500 });
          return performance.now() - startedAt;
        };
        expect(await opening()).toBeGreaterThan(1_500);
        expect(await opening()).toBeLessThan(1_000);
        const bus = await openBus({ settleMs: 700 });
        const startedAt = performance.now();
        await bus.publish(newCommand(), { n: 1 });
        expect(performance.now() - startedAt).toBeGreaterThan(700);
      });

      it('says what to do about a queue that has other settings', async () => {
        const { queue } = newCommand();
        await asStranger((channel) => channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } }));
        const error: unknown = await openBus({ queues: [queue] }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(QueueMismatchError);
        expect((error as Error).message).toContain(`rabbitmqctl delete_queue ${queue}`);
        await expect((await openBus()).publish(suiteCommand(queue), { n: 1 })).rejects.toThrow(QueueMismatchError);
      });

      it('says that it is refused', async () => {
        await expect(openBus({ url: server.url.replace('guest:guest', 'guest:wrong') })).rejects.toThrow(AccessDeniedError);
      });

      it.each<[found: string, url: () => string]>([
        ['ECONNREFUSED', () => 'amqp://nobody:secret@127.0.0.1:1'],
        ['virtual host', () => `${server.url}/nowhere`],
      ])('says why it can not be reached (%s), in time and without the password', async (found, url) => {
        const startedAt = performance.now();
        const error: unknown = await openBus({ url: url() }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(TemporaryError);
        expect(String(error)).toContain(found);
        expect(String(error)).not.toMatch(/secret|guest/);
        expect(performance.now() - startedAt).toBeLessThan(8_000);
      });

      it('makes one connection to publish and one to consume, whose silence is noticed within 18 s', async () => {
        const before = await listConnections();
        await openBus();
        const added = (await listConnections()).filter(({ name }) => !before.some((other) => other.name === name));
        expect(added.map(({ properties, heartbeatS }) => [/ocolecionador (\w+)/.exec(properties)?.[1], heartbeatS]).sort()).toEqual([
          ['consuming', 6],
          ['publishing', 6],
        ]);
      });

      it('may be done by several processes at once', async () => {
        const queues = [newCommand().queue, newCommand().queue];
        await Promise.all(Array.from({ length: 4 }, () => openBus({ queues })));
      });
    });

    describe('publishing', () => {
      it('does not call a message sent that found no queue, and makes the queue again', async () => {
        const bus = await openBus();
        const message = newCommand();
        await bus.publish(message, { n: 1 });
        await asStranger((channel) => channel.deleteQueue(message.queue));
        await expect(bus.publish(message, { n: 2 })).rejects.toThrow(UnroutableError);
        await vi.waitFor(() => bus.publish(message, { n: 3 }), 5_000);
        const received: number[] = [];
        await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
        await vi.waitFor(() => expect(received).toEqual([3]), 3_000);
      });

      it('knows which of many on their way found no queue', async () => {
        const bus = await openBus();
        const [present, missing] = [newCommand(), newCommand()];
        await Promise.all([bus.publish(present, { n: 0 }), bus.publish(missing, { n: 0 })]);
        await asStranger((channel) => channel.deleteQueue(missing.queue));
        const messageId = newId();
        const results = await Promise.allSettled(
          Array.from({ length: 100 }, (_, n) => bus.publish(n % 2 === 0 ? present : missing, { n }, { messageId })),
        );
        expect(results.map(({ status }) => status)).toEqual(results.map((_, n) => (n % 2 === 0 ? 'fulfilled' : 'rejected')));
      });

      it('has 10,000 messages confirmed within 15 s', async () => {
        const bus = await openBus();
        const message = newCommand();
        await bus.publish(message, { n: 0 });
        const startedAt = performance.now();
        await Promise.all(Array.from({ length: 10_000 }, (_, n) => bus.publish(message, { n })));
        expect(performance.now() - startedAt).toBeLessThan(15_000);
        expect((await bus.depth(message.queue)).waiting).toBe(10_001);
        await asStranger((channel) => channel.purgeQueue(message.queue));
      });

      it('brings each message back after its own wait, also past 1,000 that wait longer', async () => {
        const [firstWaitMs, secondWaitMs] = [3_000, 300];
        const bus = await openBus({ retries: { waitsMs: [firstWaitMs, secondWaitMs], jitter: 0 } });
        const command = newCommand();
        const failedAt = new Map<number, number>();
        const latenessMs: number[] = [];
        const attempts: number[] = [];
        const handler = async ({ n }: { n: number }, { attempt }: { attempt: number }) => {
          const early = n === 0;
          attempts.push(early ? attempt : 0);
          if (attempt === 2 && !early) {
            latenessMs.push(performance.now() - failedAt.get(n)! - firstWaitMs);
          }
          // Every other one succeeds at once: a queue of which all fail would rest.
          if (attempt < (early ? 3 : 1 + (n % 2))) {
            failedAt.set(n, performance.now());
            throw new TemporaryError('not yet');
          }
          return done();
        };
        await bus.subscribe(command, handler, { parallel: 100 });
        await bus.publish(command, { n: 0 });
        await sleep(1_000);
        await Promise.all(Array.from({ length: 2_000 }, (_, n) => bus.publish(command, { n: n + 1 })));
        await vi.waitFor(() => expect(attempts).toContain(3), 10_000);
        expect(latenessMs).toEqual([]);
        await vi.waitFor(() => expect(latenessMs).toHaveLength(1_000), 15_000);
        const sorted = latenessMs.sort((a, b) => a - b);
        expect(sorted[0]).toBeGreaterThan(-50); // the broker's clock ticks apart from ours
        expect(sorted[989]).toBeLessThanOrEqual(500);
      });

      it('fails at once while the broker is short of disk, and outcomes still get through', async () => {
        const bus = await openBus();
        const message = newCommand();
        const handled: number[] = [];
        let finish!: () => void;
        const finished = new Promise<void>((resolve) => (finish = resolve));
        await bus.subscribe(message, async ({ n }) => (handled.push(n), await finished, done()), { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await server.ctl('set_disk_free_limit', '1000000GB');
        // The broker tells of it when the next message comes.
        const first = bus.publish(message, { n: 2 }).catch((error: unknown) => error);
        await sleep(1_000);
        await expect(bus.publish(message, { n: 3 })).rejects.toThrow(/takes no messages at the moment/);
        await expect(bus.roundTrip(1_000)).rejects.toThrow(TemporaryError);
        finish();
        await vi.waitFor(async () => expect((await bus.depth(message.queue)).running).toBe(0), 3_000);
        await server.ctl('set_disk_free_limit', '100MB');
        await first;
        await vi.waitFor(() => bus.publish(message, { n: 4 }), 5_000);
        await vi.waitFor(() => expect(handled).toContain(4), 3_000);
      });
    });

    describe('suspects', () => {
      it('run alone and soon, whatever waits, and others go on after them', async () => {
        const bus = await openBus();
        const message = newCommand();
        const begun: { n: number; attempt: number; besides: number }[] = [];
        let running = 0;
        const handler = async ({ n }: { n: number }, { attempt }: { attempt: number }) => {
          begun.push({ n, attempt, besides: running++ });
          await sleep(20);
          running--;
          return done();
        };
        await Promise.all(Array.from({ length: 200 }, (_, n) => bus.publish(message, { n })));
        for (const n of [1_000, 1_001, 1_002]) {
          await inject(`${message.queue}.suspect`, envelopeText(message.name, n), { crashes: 1 });
        }
        await bus.subscribe(message, handler, { parallel: 4 });
        await vi.waitFor(() => expect(begun).toHaveLength(203), 15_000);
        const suspects = begun.filter(({ n }) => n >= 1_000);
        expect(suspects).toEqual([1_000, 1_001, 1_002].map((n) => ({ n, attempt: 2, besides: 0 })));
        expect(begun.indexOf(suspects[2]!)).toBeLessThan(100);
        expect(Math.max(...begun.map(({ besides }) => besides))).toBe(3);
      });

      it('are tried like others after they failed without a crash', async () => {
        const bus = await openBus({ retries: { waitsMs: [100, 100], jitter: 0 } });
        const message = newCommand();
        const attempts: number[] = [];
        const handler = async (_: unknown, { attempt }: { attempt: number }) => {
          attempts.push(attempt);
          throw new TemporaryError('away');
        };
        const letters: DeadLetter[] = [];
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.watchDeadLetters(message.queue, async (letter) => void letters.push(letter));
        await inject(`${message.queue}.suspect`, envelopeText(message.name, 1), { crashes: 1 });
        await vi.waitFor(() => expect(letters).toHaveLength(1), 5_000);
        expect(attempts).toEqual([2, 3]);
        expect(letters[0]).toMatchObject({ cause: 'attempts used up', attempt: 3 });
      });
    });

    describe('dead letters', () => {
      it('that nobody can keep go to the end, however many', async () => {
        const bus = await openBus();
        const message = newCommand();
        await bus.subscribe(message, () => Promise.reject(new PermanentError('no')), { parallel: 1 });
        await Promise.all(Array.from({ length: 6 }, (_, n) => bus.publish(message, { n })));
        await vi.waitFor(async () => expect((await bus.depth(message.queue)).dead).toBe(6), 5_000);
        await bus.publish(message, { n: 99 });
        const kept: unknown[] = [];
        await bus.watchDeadLetters(message.queue, async ({ envelope }) => {
          if ((envelope!.body as { n: number }).n < 6) {
            throw new Error('no column for it');
          }
          kept.push(envelope!.body);
        });
        await vi.waitFor(() => expect(kept).toEqual([{ n: 99 }]), 10_000);
      });

      it('that the broker itself made say so, and keep their id', async () => {
        const bus = await openBus();
        const message = newCommand();
        await bus.publish(message, { n: 1 });
        await bus.publish(message, { n: 2 });
        await asStranger(async (channel) => {
          channel.nack(await getOne(channel, message.queue), false, false);
          // A limit of 20 lets it be delivered 21 times.
          for (let time = 1; time <= 21; time++) {
            channel.nack(await getOne(channel, message.queue), false, true);
          }
        });
        const letters: DeadLetter[] = [];
        await bus.watchDeadLetters(message.queue, async (letter) => {
          letters.push(letter);
          if (letters.length === 1) {
            throw new TemporaryError('not yet');
          }
        });
        await vi.waitFor(() => expect(letters).toHaveLength(3), 10_000);
        const byNumber = (n: number) => letters.filter(({ envelope }) => (envelope?.body as { n: number }).n === n);
        expect(byNumber(1)).toMatchObject([{ cause: 'refused' }, { cause: 'refused' }]);
        expect(new Set(byNumber(1).map(({ letterId }) => letterId)).size).toBe(1);
        expect(byNumber(2)).toMatchObject([{ cause: 'crashed the worker', reason: expect.stringContaining(message.queue) }]);
      });

      it('lie in the broker with their reasons, for whoever looks there', async () => {
        const bus = await openBus();
        const message = newCommand();
        await bus.subscribe(message, () => Promise.reject(new PermanentError('não')), { parallel: 1 });
        const messageId = newId();
        await bus.publish(message, { n: 1 }, { messageId });
        await vi.waitFor(async () => expect((await bus.depth(message.queue)).dead).toBe(1), 3_000);
        const { properties } = await asStranger((channel) => getOne(channel, `${message.queue}.dead`));
        expect(properties).toMatchObject({ messageId, type: message.name, headers: { cause: 'refused', reason: 'PermanentError: não', attempt: 1 } });
      });
    });

    const envelopeText = (name: string, n: number) => JSON.stringify({ messageId: newId(), name, sentAt: '2026-03-01T12:00:00.000Z', body: { n } });

    async function listConnections() {
      const lines = (await server.ctl('list_connections', 'name', 'timeout', 'client_properties')).split('\n').filter((line) => line.includes('->'));
      return lines.map((line) => {
        const [name = '', timeout, properties = ''] = line.split('\t');
        return { name, heartbeatS: Number(timeout), properties };
      });
    }

    async function getOne(channel: ConfirmChannel, queue: string) {
      return vi.waitFor(async () => {
        const message = await channel.get(queue);
        if (!message) {
          throw new Error(`nothing in ${queue}`);
        }
        return message;
      }, 3_000);
    }
  });
});
