import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { builtFile, done, PermanentError, TemporaryError } from '@repo/kernel';
import { FaultProxy, RabbitServer } from '@repo/servers';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isIdle, startConsumerProcess, suiteCommand, type ConsumerProcess } from '../testing/index.js';
import { RabbitMessageBus } from './rabbit-message-bus.js';

Logger.overrideLogger(false);

const script = builtFile(import.meta.url, './suite-consumer.process.js');
/** The broker hangs up on a silent client after two heartbeats, the client on a silent broker after two to three. */
const heartbeatMs = 1_000;

describe.skipIf(!RabbitServer.isInstalled())('RabbitMessageBus when something breaks', () => {
  let server: RabbitServer;
  let stranger: ChannelModel;
  const open: RabbitMessageBus[] = [];
  const processes: ConsumerProcess[] = [];

  beforeAll(async () => {
    server = await RabbitServer.start();
    stranger = await connect(server.url);
  });
  afterAll(async () => {
    await stranger.close();
    await server.stop();
  });
  afterEach(async () => {
    processes.splice(0).forEach((consumer) => consumer.kill());
    await Promise.all(open.splice(0).map((bus) => bus.close(1_000)));
  });

  const withHeartbeat = (url: string) => `${url}?heartbeat=${heartbeatMs / 1_000}`;

  async function openBus(url = withHeartbeat(server.url)): Promise<RabbitMessageBus> {
    const bus = await RabbitMessageBus.open({ url, settleMs: 0 });
    open.push(bus);
    return bus;
  }

  async function startProcess(queue: string, parallel: number): Promise<ConsumerProcess> {
    const consumer = await startConsumerProcess(script, withHeartbeat(server.url), queue, String(parallel));
    processes.push(consumer);
    return consumer;
  }

  async function asStranger(work: (channel: ConfirmChannel) => Promise<unknown>): Promise<void> {
    const channel = await stranger.createConfirmChannel();
    await work(channel);
    await channel.close();
  }

  async function isThere(queue: string): Promise<boolean> {
    const channel = await stranger.createChannel();
    channel.on('error', () => undefined);
    return channel.checkQueue(queue).then(
      () => channel.close().then(() => true),
      () => false,
    );
  }

  const newCommand = () => suiteCommand(`Fault-${randomUUID()}`);
  const idle = (bus: RabbitMessageBus, queue: string, timeoutMs = 5_000) => vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true), timeoutMs);

  /** Counts the calls of a handler by message and attempt. */
  function recording(work: (n: number) => Promise<unknown> = async () => undefined) {
    const calls: { n: number; attempt: number }[] = [];
    const handler = async ({ n }: { n: number }, { attempt }: { attempt: number }) => {
      calls.push({ n, attempt });
      await work(n);
      return done();
    };
    return { calls, handler };
  }

  it('works on a message once when the event loop was blocked so long that the broker hung up', async () => {
    const bus = await openBus();
    const message = newCommand();
    const { calls, handler } = recording(async () => {
      const until = performance.now() + 4 * heartbeatMs;
      while (performance.now() < until) {
        // as a computation does
      }
    });
    await bus.subscribe(message, handler, { parallel: 1 });
    await bus.publish(message, { n: 1 });
    await idle(bus, message.queue, 12_000);
    await sleep(500);
    expect(calls).toEqual([{ n: 1, attempt: 1 }]);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
  }, 30_000);

  it('loses nothing, and blames no message, when the broker closes all connections again and again', async () => {
    // What one had in hand comes to the other as well.
    const [bus, other] = [await openBus(), await openBus()];
    const message = newCommand();
    const { calls, handler } = recording(() => sleep(100));
    await bus.subscribe(message, handler, { parallel: 4 });
    await other.subscribe(message, handler, { parallel: 4 });
    const published = (async () => {
      for (let n = 0; n < 150; n++) {
        // As the outbox does: until the broker has it.
        await vi.waitFor(() => bus.publish(message, { n }), { timeout: 10_000, interval: 50 });
      }
    })();
    for (let round = 0; round < 2; round++) {
      await server.ctl('close_all_connections', 'test');
      stranger = await connect(server.url);
    }
    await published;
    await vi.waitFor(() => expect(new Set(calls.map(({ n }) => n)).size).toBe(150), 15_000);
    await idle(bus, message.queue, 10_000);
    await idle(other, message.queue, 10_000);
    expect(calls.filter(({ attempt }) => attempt > 1)).toEqual([]);
  }, 40_000);

  it('notices a connection that carries nothing any more, fails in time, and comes back', async () => {
    const proxy = await FaultProxy.to(server.port);
    const bus = await openBus(proxy.through(withHeartbeat(server.url)));
    const message = newCommand();
    const { calls, handler } = recording();
    await bus.subscribe(message, handler, { parallel: 1 });
    await bus.publish(message, { n: 1 });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    proxy.faults.hang = true;
    const startedAt = performance.now();
    await expect(bus.publish(message, { n: 2 })).rejects.toThrow(TemporaryError);
    // With 6 s for a heartbeat these are 18 s: below two of the 10 s that the documents have.
    expect(performance.now() - startedAt).toBeLessThan(3 * heartbeatMs + 500);
    await expect(bus.roundTrip(500)).rejects.toThrow(TemporaryError);
    proxy.faults = {};
    await vi.waitFor(() => bus.publish(message, { n: 3 }), { timeout: 15_000, interval: 200 });
    await vi.waitFor(() => expect(calls.map(({ n }) => n)).toContain(3), 5_000);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
    await bus.close(1_000);
    open.splice(open.indexOf(bus), 1);
    await proxy.stop();
  }, 40_000);

  it('gives the messages of a process that was stopped to another, and asks it for no sign of life', async () => {
    const bus = await openBus();
    const message = newCommand();
    const stopped = await startProcess(message.queue, 2);
    await bus.publish(message, { n: 1, does: 'hang' });
    await bus.publish(message, { n: 2, does: 'hang' });
    await vi.waitFor(() => expect(stopped.begun).toHaveLength(2), 5_000);
    stopped.kill('SIGSTOP');
    // It may take one canary, and keep it.
    const tookMs: number[] = [];
    for (let flight = 0; flight < 5; flight++) {
      const startedAt = performance.now();
      await bus.roundTrip(2_000);
      tookMs.push(performance.now() - startedAt);
    }
    expect(tookMs.filter((ms) => ms > 900).length).toBeLessThanOrEqual(1);
    const { calls, handler } = recording();
    await bus.subscribe(message, handler, { parallel: 2 });
    await vi.waitFor(() => expect(calls.map(({ n }) => n).sort()).toEqual([1, 2]), 4 * heartbeatMs);
    await idle(bus, message.queue);
    stopped.kill('SIGCONT');
    await sleep(1_000);
    await idle(bus, message.queue);
  }, 30_000);

  it('returns what it could not finish when it closes, and counts nothing of it as a failure', async () => {
    const closing = await openBus();
    const message = newCommand();
    const first = recording(async (n) => (n < 5 ? sleep(100) : new Promise(() => undefined)));
    await closing.subscribe(message, first.handler, { parallel: 10 });
    await Promise.all(Array.from({ length: 14 }, (_, n) => closing.publish(message, { n })));
    await vi.waitFor(() => expect(first.calls.length).toBeGreaterThanOrEqual(10));
    open.splice(open.indexOf(closing), 1);
    await closing.close(400);
    const begunAtClose = first.calls.length;
    const next = await openBus();
    expect((await next.depth(`${message.queue}.suspect`)).waiting).toBe(0);
    const second = recording();
    await next.subscribe(message, second.handler, { parallel: 10 });
    await vi.waitFor(() => expect(second.calls).toHaveLength(9), 5_000);
    expect(second.calls.map(({ n }) => n).sort((a, b) => a - b)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(second.calls.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(first.calls).toHaveLength(begunAtClose);
    await idle(next, message.queue);
  }, 30_000);

  it('closes in time though the broker does not answer', async () => {
    const proxy = await FaultProxy.to(server.port);
    const bus = await openBus(proxy.through(server.url));
    const message = newCommand();
    const { calls, handler } = recording(() => new Promise(() => undefined));
    await bus.subscribe(message, handler, { parallel: 1 });
    await bus.watchDeadLetters(message.queue, async () => undefined);
    await bus.publish(message, { n: 1 });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    proxy.faults.hang = true;
    open.splice(open.indexOf(bus), 1);
    const startedAt = performance.now();
    await bus.close(500);
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    await proxy.stop();
  }, 30_000);

  it('consumes again, from a queue made anew, when somebody deleted it', async () => {
    const bus = await openBus();
    const message = newCommand();
    const { calls, handler } = recording();
    await bus.subscribe(message, handler, { parallel: 2 });
    const queues = ['', '.suspect', '.dead', '.wait.5000', '.wait.10000'].map((suffix) => message.queue + suffix);
    await asStranger(async (channel) => {
      for (const queue of queues) {
        await channel.deleteQueue(queue);
      }
    });
    // The other queues are made before the one that is consumed.
    await vi.waitFor(async () => expect(await Promise.all(queues.map(isThere))).toEqual(queues.map(() => true)), 10_000);
    await bus.publish(message, { n: 1 });
    await vi.waitFor(() => expect(calls).toEqual([{ n: 1, attempt: 1 }]), 10_000);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
  }, 30_000);

  it('makes the queue of dead letters again when it needs it', async () => {
    const bus = await openBus();
    const message = newCommand();
    await bus.subscribe(message, () => Promise.reject(new PermanentError('no')), { parallel: 1 });
    await asStranger((channel) => channel.deleteQueue(`${message.queue}.dead`));
    await bus.publish(message, { n: 1 });
    await vi.waitFor(async () => expect(await bus.depth(message.queue)).toEqual({ waiting: 0, running: 0, dead: 1 }), 10_000);
  }, 30_000);

  it('finds out that it gets nothing though it is connected, says so, and heals; a busy consumer alarms nobody', async () => {
    const bus = await openBus();
    const [message, busyMessage] = [newCommand(), newCommand()];
    const { calls, handler } = recording();
    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const busy = recording(() => finished);
    await bus.subscribe(message, handler, { parallel: 2 });
    await bus.subscribe(busyMessage, busy.handler, { parallel: 1 });
    await Promise.all([1, 2, 3].map((n) => bus.publish(busyMessage, { n })));
    await bus.roundTrip(1_000);
    // The broker forgets the consumer, and nobody tells us.
    const lives = () => [message, busyMessage].map(({ queue }) => bus['consumers'].get(queue)!['life']!);
    const [life, busyLife] = lives();
    await life!.channel.cancel(bus['consumers'].get(message.queue)!['tag']!);
    await bus.publish(message, { n: 1 });
    const startedAt = performance.now();
    await vi.waitFor(() => expect(bus.roundTrip(1_000)).rejects.toThrow(`Messages lie in ${message.queue}`), { timeout: 30_000, interval: 250 });
    await vi.waitFor(() => expect(calls).toEqual([{ n: 1, attempt: 1 }]), 30_000);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await vi.waitFor(() => bus.roundTrip(1_000), 5_000);
    expect(lives()[1]).toBe(busyLife);
    expect(busy.calls).toHaveLength(1);
    finish();
    await idle(bus, busyMessage.queue);
  }, 70_000);
});
