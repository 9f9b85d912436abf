import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { builtFile, done, TemporaryError } from '@repo/kernel';
import { RabbitServer } from '@repo/servers';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isIdle, startConsumerProcess, suiteCommand, type ConsumerProcess } from '../testing/index.js';
import { RabbitMessageBus } from './rabbit-message-bus.js';
import { planQueues } from './topology.js';

Logger.overrideLogger(false);

const script = builtFile(import.meta.url, './suite-consumer.process.js');

describe.skipIf(!RabbitServer.isInstalled())('RabbitMessageBus when the broker restarts', () => {
  let server: RabbitServer;
  const open: RabbitMessageBus[] = [];
  const processes: ConsumerProcess[] = [];

  beforeAll(async () => {
    server = await RabbitServer.start();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    processes.splice(0).forEach((consumer) => consumer.kill());
    await Promise.all(open.splice(0).map((bus) => bus.close(1_000)));
  });

  async function openBus(settleMs: number): Promise<RabbitMessageBus> {
    const bus = await RabbitMessageBus.open({ url: server.url, settleMs });
    open.push(bus);
    return bus;
  }

  const newCommand = () => suiteCommand(`Restart-${randomUUID()}`);

  it('fails at once while there is no broker, and works again soon after it is back', async () => {
    const bus = await openBus(2_000);
    const message = newCommand();
    const received: number[] = [];
    await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
    await bus.publish(message, { n: 1 });
    await server.kill();
    const startedAt = performance.now();
    await expect(bus.publish(message, { n: 2 })).rejects.toThrow(TemporaryError);
    await expect(bus.publish(message, { n: 3 })).rejects.toThrow(TemporaryError);
    await expect(bus.roundTrip(1_000)).rejects.toThrow(TemporaryError);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await server.startAgain();
    const backAt = performance.now();
    await vi.waitFor(() => bus.publish(message, { n: 4 }), { timeout: 15_000, interval: 100 });
    await vi.waitFor(() => expect(received).toContain(4), 15_000);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
    expect(performance.now() - backAt).toBeLessThan(10_000);
  }, 60_000);

  it('loses no message, and gives up none, over two restarts of the broker and five kills of workers', async () => {
    const bus = await openBus(2_000);
    const message = newCommand();
    const total = 500;
    const handled: number[] = [];
    await bus.subscribe(message, async ({ n }) => (await sleep(30), handled.push(n), done()), { parallel: 2 });
    const startWorker = async () => {
      const worker = await vi.waitFor(() => startConsumerProcess(script, server.url, message.queue, '4'), { timeout: 30_000, interval: 500 });
      processes.push(worker);
      return worker;
    };
    const workers = await Promise.all([startWorker(), startWorker()]);
    const published = (async () => {
      for (let n = 0; n < total; n++) {
        // As the outbox does: until the broker has it.
        await vi.waitFor(() => bus.publish(message, { n }), { timeout: 60_000, interval: 100 });
        await sleep(15);
      }
    })();
    const killWorker = async (index: number) => {
      workers[index]!.kill();
      await workers[index]!.ended;
      workers[index] = await startWorker();
    };
    await sleep(1_000);
    await killWorker(0);
    await server.kill();
    await server.startAgain();
    // While what the broker gives back is worked on.
    await sleep(1_200);
    await Promise.all([killWorker(0), killWorker(1)]);
    await server.shutDown();
    await server.startAgain();
    await sleep(1_200);
    await Promise.all([killWorker(0), killWorker(1)]);
    await published;
    const finished = () => new Set([...handled, ...processes.flatMap((worker) => worker.finished)]).size;
    await vi.waitFor(() => expect(finished()).toBe(total), 30_000);
    await vi.waitFor(async () => expect(isIdle(await bus.depth(message.queue))).toBe(true), 10_000);
  }, 120_000);

  /** Killed within a second of making a quorum queue, RabbitMQ 3.10 mostly knows its name then, and nothing else of it. */
  async function loseQueue(queue: string): Promise<void> {
    const plan = planQueues(queue, []).find(({ name }) => name === queue)!;
    await vi.waitUntil(
      async () => {
        const stranger = await connect(server.url);
        stranger.on('error', () => undefined);
        const channel = await stranger.createChannel();
        channel.on('error', () => undefined);
        await channel.deleteQueue(queue);
        await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...plan.arguments } });
        await server.kill();
        await server.startAgain();
        return isLost(queue);
      },
      { timeout: 60_000, interval: 1_000 },
    );
  }

  async function isLost(queue: string): Promise<boolean> {
    const stranger = await connect(server.url);
    stranger.on('error', () => undefined);
    const channel = await stranger.createChannel();
    channel.on('error', () => undefined);
    const answers = await Promise.race([channel.get(queue).then(() => true), sleep(2_000, false)]).catch(() => false);
    void stranger.close().catch(() => undefined);
    return !answers;
  }

  it('says that it does not consume when a queue was lost, and consumes again once that was deleted', async () => {
    const bus = await openBus(2_000);
    const message = newCommand();
    const received: number[] = [];
    await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
    await loseQueue(message.queue);
    await vi.waitFor(() => expect(bus.roundTrip(1_000)).rejects.toThrow(/is not consumed/), 5_000);
    await expect(bus.publish(message, { n: 1 })).rejects.toThrow(TemporaryError);
    // Who comes now is told.
    const other = await openBus(0);
    await expect(other.subscribe(message, async () => done(), { parallel: 1 })).rejects.toThrow(`rabbitmqctl delete_queue ${message.queue}`);
    await expect(bus.roundTrip(1_000)).rejects.toThrow(/is not consumed/);
    await server.ctl('delete_queue', message.queue);
    await vi.waitFor(() => bus.publish(message, { n: 2 }), { timeout: 30_000, interval: 250 });
    await vi.waitFor(() => expect(received).toContain(2), 30_000);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
  }, 120_000);
});
