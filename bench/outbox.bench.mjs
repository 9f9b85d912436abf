/**
 * From a row that a transaction left in the outbox to a message that the broker has confirmed: on RabbitMQ and on
 * queues in PostgreSQL, each with servers of their own. Lag is the time from commit to confirmation.
 */
import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OutboxRelay } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { collectionEntities, collectionMigrations, collectionProviders } from '@repo/collection-data-access';
import { modelTraining } from '@repo/contracts';
import { CollectionDatabase, openDatabase, runMigrations } from '@repo/database';
import { PostgresServer, RabbitServer } from '@repo/servers';
import { quantile } from './harness.mjs';

export const title = 'The outbox and its relay';

const ROWS_PER_SECOND = 200;
const LAG_SECONDS = 20;
const BURST = 10_000;

export async function run({ row, note }) {
  Logger.overrideLogger(['warn', 'error']);
  if (!PostgresServer.isInstalled()) {
    note('left out: PostgreSQL is not installed');
    return;
  }
  const postgres = await PostgresServer.start();
  const rabbit = RabbitServer.isInstalled() ? await RabbitServer.start() : undefined;
  try {
    const brokers = [['queues in PostgreSQL', await postgres.createDatabase('messages')], ...(rabbit ? [['RabbitMQ', rabbit.url]] : [])];
    for (const [name, url] of brokers) {
      await measure(name, url, await postgres.createDatabase(`collection_${brokers.findIndex((one) => one[1] === url)}`), { row, note });
    }
    if (!rabbit) {
      note('left out: RabbitMQ is not installed');
    }
  } finally {
    await rabbit?.stop();
    await postgres.stop();
  }
}

async function measure(name, messagesUrl, databaseUrl, { row, note }) {
  const database = new CollectionDatabase(await openDatabase(databaseUrl, { entities: collectionEntities, migrations: collectionMigrations }));
  await runMigrations(database.source);
  const bus = new TimedBus(await connectMessageBus({ url: messagesUrl }));
  const store = collectionProviders.find(({ provide }) => provide.name === 'SqlOutboxStore').useFactory(database);
  const relay = new OutboxRelay(store, bus);
  relay.start();
  try {
    await leaveRows(database, 100);
    await untilSent(database); // queues made, statements planned

    const yardstick = new Yardstick(database);
    const lags = await lagsAtSteadyRate(database, relay, bus);
    note(`${name}: ${await yardstick.stop()}`);
    row({ what: `${name}: lag at ${ROWS_PER_SECOND} rows/s, p50`, unit: 'ms', better: 'lower', ours: quantile(lags, 0.5) });
    row({ what: `${name}: lag at ${ROWS_PER_SECOND} rows/s, p99`, unit: 'ms', better: 'lower', ours: quantile(lags, 0.99), aim: 50 });

    await leaveRows(database, BURST);
    const startedAt = performance.now();
    relay.wake();
    await untilSent(database);
    row({ what: `${name}: ${BURST} rows confirmed and marked`, unit: 's', better: 'lower', ours: (performance.now() - startedAt) / 1_000, aim: 15 });
  } finally {
    await relay.stop();
    await bus.close(1_000);
    await database.close();
  }
}

/** How busy the machine is meanwhile: a lag beyond what these show is the relay's own. */
class Yardstick {
  #eventLoop = monitorEventLoopDelay({ resolution: 1 });
  #answersMs = [];
  #isStopping = false;

  constructor(database) {
    this.#eventLoop.enable();
    this.asking = this.#ask(database);
  }

  async stop() {
    this.#isStopping = true;
    await this.asking;
    const eventLoopMs = this.#eventLoop.percentile(99) / 1e6;
    return `meanwhile SELECT 1 took ${quantile(this.#answersMs, 0.5).toFixed(1)} ms, p99 ${quantile(this.#answersMs, 0.99).toFixed(0)} ms, and the event loop was late by ${eventLoopMs.toFixed(0)} ms at p99`;
  }

  async #ask(database) {
    while (!this.#isStopping) {
      const askedAt = performance.now();
      await database.source.query('SELECT 1');
      this.#answersMs.push(performance.now() - askedAt);
      await sleep(20);
    }
  }
}

/** Notes when each message was confirmed. */
class TimedBus {
  confirmedAt = new Map();

  constructor(bus) {
    this.bus = bus;
  }

  async publish(message, body, options) {
    await this.bus.publish(message, body, options);
    this.confirmedAt.set(options.messageId, performance.now());
  }

  close(graceMs) {
    return this.bus.close(graceMs);
  }
}

/** One row in a transaction of its own each time, as uploads leave them. */
async function lagsAtSteadyRate(database, relay, bus) {
  const committedAt = new Map();
  const startedAt = performance.now();
  const writes = [];
  for (let n = 0; n < ROWS_PER_SECOND * LAG_SECONDS; n += 1) {
    const dueInMs = startedAt + (n * 1_000) / ROWS_PER_SECOND - performance.now();
    if (dueInMs > 0) {
      await sleep(dueInMs);
    }
    writes.push(
      leaveRows(database, 1).then(([messageId]) => {
        committedAt.set(messageId, performance.now());
        relay.wake();
      }),
    );
  }
  await Promise.all(writes);
  await untilSent(database);
  // Another commit's wake may have found the row before its own commit was known here: no lag then.
  return [...committedAt].map(([messageId, at]) => Math.max(0, bus.confirmedAt.get(messageId) - at));
}

async function leaveRows(database, count) {
  const messageIds = Array.from({ length: count }, () => randomUUID());
  const body = JSON.stringify({ batchId: randomUUID(), totalImages: 9, fotoId: randomUUID() });
  await database.source.query(
    `INSERT INTO "Outbox" ("id", "queue", "messageName", "messageId", "body", "createdAt", "attempts")
     SELECT gen_random_uuid(), $1, $2, messageId, $3, clock_timestamp(), 0 FROM unnest($4::uuid[]) AS messageId`,
    [modelTraining.queue, modelTraining.name, body, messageIds],
  );
  return messageIds;
}

async function untilSent(database) {
  for (;;) {
    const [{ waiting }] = await database.source.query('SELECT count(*)::int AS waiting FROM "Outbox" WHERE "sentAt" IS NULL');
    if (waiting === 0) {
      return;
    }
    await sleep(20);
  }
}
