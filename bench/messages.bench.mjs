/**
 * Messages through RabbitMQ: ours with envelope, schema, mandatory, deadlines, retries and metrics, the peer the
 * bare driver on a quorum queue with the same settings. A server of its own on this machine.
 */
import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { defineCommand } from '@repo/contracts';
import { done, TemporaryError } from '@repo/kernel';
import { RabbitMessageBus } from '@repo/messaging/rabbit';
import { RabbitServer } from '@repo/servers';
import { connect } from 'amqplib';
import { z } from 'zod';
import { alternate, quantile } from './harness.mjs';

export const title = 'Messages through RabbitMQ';

const BURST = 10_000;
const SINGLE = 300;
const PREFETCH = 100;
const DELAYED = 1_000;
const WAIT_MS = 1_000;
const shape = z.object({ n: z.number(), text: z.string() });
const text = 'x'.repeat(400);

export async function run({ row, note }) {
  if (!RabbitServer.isInstalled()) {
    note('left out: RabbitMQ is not installed');
    return;
  }
  Logger.overrideLogger(['warn', 'error']);
  const server = await RabbitServer.start();
  const bus = await RabbitMessageBus.open({ url: server.url, settleMs: 0, retries: { waitsMs: [WAIT_MS], jitter: 0 } });
  const driver = await connect(server.url);
  try {
    await measurePublishing(bus, driver, row);
    await measureConsuming(bus, driver, row);
    await measureDelays(bus, row);
  } finally {
    await bus.close(1_000);
    await driver.close();
    await server.stop();
  }
}

const newMessage = () => defineCommand('bench.work.v1', `Bench-${randomUUID()}`, 'Something to do.', shape);

async function newDriverQueue(driver) {
  const channel = await driver.createConfirmChannel();
  const queue = `Bare-${randomUUID()}`;
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 20 } });
  return { channel, queue, body: Buffer.from(JSON.stringify({ n: 1, text, messageId: randomUUID() })) };
}

async function measurePublishing(bus, driver, row) {
  const message = newMessage();
  await bus.publish(message, { n: 0, text });
  const { channel, queue, body } = await newDriverQueue(driver);
  const send = () => new Promise((resolve, reject) => channel.sendToQueue(queue, body, { persistent: true }, (error) => (error ? reject(error) : resolve())));
  const compare = async (what, count, publishAll, aim) => {
    const samples = await alternate({
      ours: () => publishAll((n) => bus.publish(message, { n, text })),
      peer: () => publishAll(send),
      rounds: 3,
    });
    const rates = (times) => times.map((ms) => (count / ms) * 1_000);
    row({ what, unit: 'messages/s', better: 'higher', ours: rates(samples.ours), peer: rates(samples.peer), peerName: 'amqplib', aim });
  };
  await compare('published and confirmed, one by one', SINGLE, async (publish) => {
    for (let n = 0; n < SINGLE; n += 1) {
      await publish(n);
    }
  });
  // 10,000 within 15 s are promised.
  await compare(`published and confirmed, ${BURST} at once`, BURST, (publish) => Promise.all(Array.from({ length: BURST }, (_, n) => publish(n))), BURST / 15);
}

async function measureConsuming(bus, driver, row) {
  const samples = await alternate({
    ours: async () => {
      const message = newMessage();
      await Promise.all(Array.from({ length: BURST }, (_, n) => bus.publish(message, { n, text })));
      return timeUntil(BURST, (received) => bus.subscribe(message, async () => (received(), done()), { parallel: PREFETCH }));
    },
    peer: async () => {
      const { channel, queue, body } = await newDriverQueue(driver);
      Array.from({ length: BURST }, () => channel.sendToQueue(queue, body, { persistent: true }));
      await channel.waitForConfirms();
      await channel.prefetch(PREFETCH);
      return timeUntil(BURST, (received) => channel.consume(queue, (raw) => (received(), channel.ack(raw))));
    },
    rounds: 3,
  });
  const rates = (times) => times.map((ms) => (BURST / ms) * 1_000);
  row({ what: `taken and acknowledged, ${PREFETCH} at once`, unit: 'messages/s', better: 'higher', ours: rates(samples.ours), peer: rates(samples.peer), peerName: 'amqplib' });
}

/** Milliseconds from `start` until `received` was called so many times. */
async function timeUntil(count, start) {
  let left = count;
  const startedAt = performance.now();
  await new Promise((resolve, reject) => {
    start(() => --left === 0 && resolve()).catch(reject);
  });
  return { ms: performance.now() - startedAt };
}

/** How much later than its wait a message comes back that failed once, with 1,000 waiting. */
async function measureDelays(bus, row) {
  const message = newMessage();
  const dueAt = new Map();
  const latenesses = [];
  await new Promise((resolve, reject) => {
    const handler = async ({ n }, { attempt }) => {
      if (attempt === 1) {
        dueAt.set(n, performance.now() + WAIT_MS);
        throw new TemporaryError('once');
      }
      latenesses.push(performance.now() - dueAt.get(n));
      if (latenesses.length === DELAYED) {
        resolve();
      }
      return done();
    };
    bus.subscribe(message, handler, { parallel: PREFETCH }).then(() => Promise.all(Array.from({ length: DELAYED }, (_, n) => bus.publish(message, { n, text })))).catch(reject);
  });
  row({ what: `second attempts too late, ${DELAYED} waiting, p50`, unit: 'ms', better: 'lower', ours: quantile(latenesses, 0.5) });
  row({ what: `second attempts too late, ${DELAYED} waiting, p99`, unit: 'ms', better: 'lower', ours: quantile(latenesses, 0.99), aim: 500 });
}
