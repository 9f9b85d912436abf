import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { builtFile, newId } from '@repo/kernel';
import { PostgresServer } from '@repo/servers';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const names = ['collection', 'learning'] as const;
type DatabaseName = (typeof names)[number];

/** Everything that a migration can leave, in an order of its own. */
const description = `
  SELECT 'column' AS kind, format('%I.%I', c.table_name, c.column_name) AS name,
    concat_ws(' ', c.data_type, c.character_maximum_length, c.datetime_precision, c.is_nullable, c.column_default, c.collation_name, c.is_identity, a.attstorage) AS is
  FROM information_schema.columns c JOIN pg_attribute a ON a.attrelid = format('%I.%I', c.table_schema, c.table_name)::regclass AND a.attname = c.column_name
  WHERE c.table_schema = 'public'
  UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'constraint', format('%s %s', conrelid::regclass, conname), pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public'
  ORDER BY 1, 2`;

describe.skipIf(!PostgresServer.isInstalled())('D10: the migrations of all subjects', () => {
  let server: PostgresServer;
  let made = 0;
  let databases: Record<DatabaseName, string>;
  /** What they make of empty databases. */
  let expected: Record<DatabaseName, object[]>;

  beforeAll(async () => {
    server = await PostgresServer.start();
    databases = await emptyDatabases();
    expect(await ended(prepare())).toBe(0);
    expected = await schemas();
    expect(expected.collection.length).toBeGreaterThan(100);
    expect(expected.learning.length).toBeGreaterThan(70);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    databases = await emptyDatabases();
  });

  async function emptyDatabases(): Promise<Record<DatabaseName, string>> {
    made += 1;
    return { collection: await server.createDatabase(`collection_${made}`), learning: await server.createDatabase(`learning_${made}`) };
  }
  /** What every start of the platform runs before anything else. */
  const prepare = (): ChildProcess =>
    fork(builtFile(import.meta.url, './prepare.js'), [], { execArgv: [], env: { ...process.env, COLLECTION_DATABASE_URL: databases.collection, LEARNING_DATABASE_URL: databases.learning } });
  const ended = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'exit')) as unknown[])[0];

  async function inDatabase<T>(name: DatabaseName, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client(databases[name]);
    await client.connect();
    return work(client).finally(() => client.end());
  }
  const rowsOf = (name: DatabaseName, sql: string) => inDatabase(name, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
  const schemas = async () => ({ collection: await rowsOf('collection', description), learning: await rowsOf('learning', description) });
  const ran = (name: DatabaseName) => rowsOf(name, 'SELECT "name", count(*)::int AS times FROM "migrations" GROUP BY 1 ORDER BY 1');

  it('run twice: the second changes nothing', async () => {
    expect(await ended(prepare())).toBe(0);
    const before = [await ran('collection'), await ran('learning')];
    expect(await ended(prepare())).toBe(0);
    expect([await ran('collection'), await ran('learning')]).toEqual(before);
    expect(await schemas()).toEqual(expected);
  });

  it('run by two at once: each once, and both go on', async () => {
    expect(await Promise.all([ended(prepare()), ended(prepare())])).toEqual([0, 0]);
    expect([...(await ran('collection')), ...(await ran('learning'))].filter(({ times }) => times !== 1)).toEqual([]);
    expect(await schemas()).toEqual(expected);
  });

  it.each<[DatabaseName, table: string]>([
    ['collection', 'Fotos'],
    ['collection', 'DeadLetters'],
    ['learning', 'inbox'],
  ])('killed in the middle of the %s database, at %s: nothing is half done, and the next start finishes', async (name, table) => {
    await inDatabase(name, async (stranger) => {
      await stranger.query(`BEGIN; CREATE TABLE "${table}" (id integer)`); // theirs waits here to see whether this one stays
      const migrating = prepare();
      await vi.waitFor(
        async () => expect(await rowsOf(name, `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).toHaveLength(1),
        { timeout: 20_000, interval: 50 },
      );
      migrating.kill('SIGKILL');
      await once(migrating, 'exit');
      await stranger.query('ROLLBACK');
    });
    const left = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`;
    await vi.waitFor(async () => expect(await rowsOf(name, left)).toEqual([]), { timeout: 10_000, interval: 50 });
    expect(await ended(prepare())).toBe(0);
    expect(await schemas()).toEqual(expected);
  });

  it.each(['2026-11'])('bring the databases of %s to the same, with all they hold', async (version) => {
    const [owner, category, item, photo] = Array.from({ length: 4 }, () => newId());
    const held = [
      `INSERT INTO "Users" ("id", "externalId", "email", "name", "provider", "role", "createdAt") VALUES ('${owner}', 'a@b.c', 'a@b.c', 'Ana', 'local', 'admin', now())`,
      `INSERT INTO "Categoria" ("id", "ownerId", "nome", "nomeNormalizado", "settings", "createdAt") VALUES ('${category}', '${owner}', 'Moedas', 'moedas', '{}', now())`,
      `INSERT INTO "Items" ("id", "ownerId", "nome", "categoriaId", "createdAt") VALUES ('${item}', '${owner}', 'Dobrão', '${category}', now())`,
      `INSERT INTO "Fotos" ("id", "itemId", "ownerId", "caminho", "sha256", "bytes", "largura", "altura", "posicao", "createdAt") VALUES ('${photo}', '${item}', '${owner}', 'k', 's', 1, 1, 1, 0, now())`,
      `INSERT INTO "ErrorLog" ("id", "msg", "reason", "context", "timestamp") VALUES ('${newId()}', 'm', 'r', '{}', now())`,
    ];
    for (const name of names) {
      const older = readFileSync(new URL(`./older-schemas/${version}.${name}.sql`, import.meta.url), 'utf8');
      await inDatabase(name, (client) => client.query(older));
    }
    await inDatabase('collection', (client) => client.query(held.join(';')));
    expect(await ended(prepare())).toBe(0);
    expect(await schemas()).toEqual(expected);
    const kept = await rowsOf('collection', `SELECT (SELECT count(*)::int FROM "Fotos" f JOIN "Items" i ON i."id" = f."itemId" JOIN "Categoria" c ON c."id" = i."categoriaId") AS photos, (SELECT count(*)::int FROM "ErrorLog") AS errors`);
    expect(kept).toEqual([{ photos: 1, errors: 1 }]);
  });
});
