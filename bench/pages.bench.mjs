/**
 * `GET /api/Items` with pages kept in Redis, in the process's own memory, and not at all: whether
 * keeping them is worth it. One backend of each kind over one PostgreSQL, asked in turns.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CollectionDatabase, openDatabase, runMigrations } from '@repo/database';
import { hashPassword, UserRepository } from '@repo/identity-domain';
import { PostgresServer, RedisServer } from '@repo/servers';
import { backendConfig } from '../apps/backend/dist/backend-config.js';
import { createBackend } from '../apps/backend/dist/create-backend.js';
import { collectionTables, learningTables } from '../apps/backend/dist/databases.module.js';
import { quantile } from './harness.mjs';

export const title = 'Pages of items, kept and not';

const SIZES = [200, 10_000];
const QUERIES = [
  ['first page of 50', '?limit=50'],
  ['50 found by two words', '?limit=50&q=prata%207'],
  ['page of 200', '?limit=200'],
];
const ROUNDS = 150;
const PASSWORD = 'a password for benchmarks';

export async function run({ row, note }) {
  if (!PostgresServer.isInstalled() || !RedisServer.isInstalled()) {
    note('left out: PostgreSQL or Redis is not installed');
    return;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'ocolecionador-pages-'));
  const [postgres, redis] = await Promise.all([PostgresServer.start(), RedisServer.start()]);
  const urls = { collection: await postgres.createDatabase('collection'), learning: await postgres.createDatabase('learning') };
  await migrate(urls.collection, collectionTables);
  await migrate(urls.learning, learningTables);
  const start = (settings) => startBackend({ folder, urls, settings });
  const backends = {
    redis: await start({ CACHE_URL: redis.url }),
    memory: await start({}),
    // Nobody answers on the discard port: every page is read from the database.
    none: await start({ CACHE_URL: 'redis://127.0.0.1:9' }),
  };
  try {
    for (const size of SIZES) {
      const token = await fill(backends.memory, size);
      for (const [what, query] of QUERIES) {
        const times = await measure(backends, token, query);
        compare(row, `${size} items, ${what}`, times);
      }
      compare(row, `${size} items, ${QUERIES[0][0]}, changed before each`, await measure(backends, token, QUERIES[0][1], { isChanging: true }));
    }
    note('one request at a time, tokens and links included; p50 and p95 of ' + ROUNDS + ' answers');
  } finally {
    await Promise.all(Object.values(backends).map(({ app }) => app.close()));
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

function compare(row, what, { redis, memory, none }) {
  for (const [name, share] of [['p50', 0.5], ['p95', 0.95]]) {
    const without = quantile(none, share);
    row({ what: `${what}, Redis, ${name}`, unit: 'ms', better: 'lower', ours: quantile(redis, share), peer: without, peerName: 'not kept' });
    row({ what: `${what}, memory, ${name}`, unit: 'ms', better: 'lower', ours: quantile(memory, share), peer: without, peerName: 'not kept' });
  }
}

/** Each backend in turn, so that all meet the same machine. */
async function measure(backends, token, query, { isChanging = false } = {}) {
  const times = Object.fromEntries(Object.keys(backends).map((name) => [name, []]));
  for (let round = -10; round < ROUNDS; round += 1) {
    for (const [name, { app, url }] of Object.entries(backends)) {
      if (isChanging) {
        await app.get(CollectionDatabase).source.query('UPDATE "CollectionVersions" SET "version" = gen_random_uuid()');
      }
      const startedAt = performance.now();
      const answer = await fetch(`${url}/api/Items${query}`, { headers: { Authorization: `Bearer ${token}` } });
      const items = await answer.json();
      if (answer.status !== 200 || items.length === 0) {
        throw new Error(`expected a page of items, got ${answer.status}`);
      }
      if (round >= 0) {
        times[name].push(performance.now() - startedAt);
      }
    }
  }
  return times;
}

async function startBackend({ folder, urls, settings }) {
  const config = backendConfig.parse({
    COLLECTION_DATABASE_URL: urls.collection,
    LEARNING_DATABASE_URL: urls.learning,
    MESSAGES_URL: urls.learning,
    OC_OBJECTS_DIR: path.join(folder, 'objects'),
    OC_LINK_SECRET: 'link-secret-of-at-least-32-letters-long',
    OC_SERVICE_TOKEN: 'service-token-of-at-least-32-letters',
    OC_JWT_SECRET: 'jwt-secret-of-at-least-32-letters-long',
    OC_REQUESTS_PER_MINUTE: '1000000',
    ...settings,
  });
  const app = await createBackend(config, false);
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${app.getHttpServer().address().port}` };
}

async function migrate(url, tables) {
  const source = await openDatabase(url, tables);
  await runMigrations(source);
  await source.destroy();
}

/** An owner with so many items of two photos each, in five categories; answers their token. */
async function fill({ app, url }, size) {
  const email = `${size}@example.org`;
  const passwordHash = await hashPassword(PASSWORD);
  const owner = (await app.get(UserRepository).save({ id: randomUUID(), provider: 'local', externalId: email, email, name: 'bench', role: 'user', passwordHash })).id;
  const { source } = app.get(CollectionDatabase);
  await source.query(
    `INSERT INTO "Categoria" ("id", "ownerId", "nome", "nomeNormalizado", "settings", "createdAt") SELECT gen_random_uuid(), $1, 'Categoria ' || n, 'categoria ' || n, '{}', now() FROM generate_series(0, 4) n`,
    [owner],
  );
  await source.query(
    `INSERT INTO "Items" ("id", "ownerId", "nome", "descricao", "busca", "categoriaId", "createdAt")
     SELECT gen_random_uuid(), $1, 'Moeda de prata ' || n, 'achada na feira de antiguidades', 'moeda de prata ' || n || E'\\nachada na feira de antiguidades', c.id, now() - n * interval '1 second'
     FROM generate_series(1, $2::int) n JOIN (SELECT "id" AS id, row_number() OVER () - 1 AS place FROM "Categoria" WHERE "ownerId" = $1) c ON c.place = n % 5`,
    [owner, size],
  );
  await source.query(
    `INSERT INTO "Fotos" ("id", "itemId", "ownerId", "caminho", "sha256", "bytes", "largura", "altura", "posicao", "createdAt")
     SELECT gen_random_uuid(), i."id", i."ownerId", 'item/' || i."id" || '/' || gen_random_uuid() || '.jpg', repeat('ab', 32), 123456, 3000, 4000, p, i."createdAt" FROM "Items" i, generate_series(0, 1) p WHERE i."ownerId" = $1`,
    [owner],
  );
  await source.query('INSERT INTO "CollectionVersions" ("ownerId", "version") VALUES ($1, gen_random_uuid())', [owner]);
  await source.query('ANALYZE');
  const answer = await fetch(`${url}/api/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password: PASSWORD }) });
  return (await answer.json()).token;
}
