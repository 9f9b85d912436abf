import { CollectionDatabase } from '@repo/database';
import { captureMssql, migrationStatements, mssqlTraps, openScratchDatabase, openScratchMssql, schemaStatements } from '@repo/database/testing';
import type { NewUser } from '@repo/identity-domain';
import { newId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { collectionEntities as entities, collectionMigrations as migrations, SqlUserRepository } from './index.js';
import { UserRow } from './user.row.js';

const ana = (overrides: Partial<NewUser> = {}): NewUser => ({
  id: newId<UserId>(),
  provider: 'google',
  externalId: '1234567890',
  email: 'ana@example.com',
  name: 'Ana',
  role: 'user',
  passwordHash: undefined,
  ...overrides,
});

/** The SQL Server on which the repository runs where one is named, as CI does; else it is PostgreSQL. */
const sqlServerUrl = process.env['TEST_MSSQL_URL'];

describe(sqlServerUrl ? 'on SQL Server' : 'on PostgreSQL', () => {
  let database: CollectionDatabase;
  let users: SqlUserRepository;

  beforeAll(async () => {
    const options = { entities, migrations };
    database = new CollectionDatabase(await (sqlServerUrl ? openScratchMssql(sqlServerUrl, options) : openScratchDatabase(options)));
    users = new SqlUserRepository(database);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await database.source.getRepository(UserRow).deleteAll();
  });

  it('has the tables that the entities say', async () => {
    expect(await schemaStatements(database.source)).toEqual([]);
  });

  it('keeps people and finds them again', async () => {
    const saved = await users.save(ana());
    expect(await users.find(saved.id)).toEqual(saved);
    expect(await users.findByExternalId('google', '1234567890')).toEqual(saved);
    expect(await users.findByRole('google', 'user')).toEqual([saved]);
    expect(await users.find(newId<UserId>())).toBeUndefined();
  });

  it('tells the same id at two providers, and in two spellings, apart', async () => {
    await users.save(ana({ externalId: 'abc' }));
    await users.save(ana({ externalId: 'ABC' }));
    await users.save(ana({ externalId: 'abc', provider: 'github' }));
    expect(await database.source.getRepository(UserRow).count()).toBe(3);
  });

  it('brings a person up to date without a new id', async () => {
    const { id, createdAt } = await users.save(ana());
    const again = await users.save(ana({ name: 'Ana Maria', email: 'maria@example.com', role: 'admin' }));
    expect(again).toMatchObject({ id, createdAt, name: 'Ana Maria', email: 'maria@example.com', role: 'admin' });
    expect(await users.find(id)).toEqual(again);
  });

  it('makes a person once for many first sign-ins at the same instant', async () => {
    const saved = await Promise.all(Array.from({ length: 8 }, () => users.save(ana())));
    expect(new Set(saved.map(({ id }) => id)).size).toBe(1);
    expect(await database.source.getRepository(UserRow).count()).toBe(1);
  });

  it('cuts a name that does not fit', async () => {
    expect((await users.save(ana({ name: 'x'.repeat(500) }))).name).toHaveLength(200);
  });
});

describe('on SQL Server', () => {
  it('makes the tables that the entities say', async () => {
    const { source } = await captureMssql(entities, migrations);
    const statements = await migrationStatements(source);
    expect([...statements].sort()).toEqual((await schemaStatements(source)).sort());
    expect(statements.join('\n')).toContain('"externalId" nvarchar(320) COLLATE Latin1_General_100_BIN2 NOT NULL');
  });

  it('speaks in words it knows', async () => {
    const server = await captureMssql(entities);
    const users = new SqlUserRepository(new CollectionDatabase(server.source));
    const present = ana();
    const calls: { [Method in keyof SqlUserRepository]: () => Promise<unknown> } = {
      find: () => users.find(present.id),
      findByExternalId: () => users.findByExternalId('google', '1'),
      findByRole: () => users.findByRole('local', 'admin'),
      save: () => users.save(present),
    };
    for (const call of Object.values(calls)) {
      await call();
    }
    server.answerWith((sql) => (sql.startsWith('SELECT') ? [{ UserRow_id: present.id, UserRow_createdAt: new Date() }] : undefined));
    await users.save(present);
    expect(server.statements.map(({ sql }) => sql.split(' ', 1)[0])).toEqual(['SELECT', 'SELECT', 'SELECT', 'SELECT', 'INSERT', 'SELECT', 'UPDATE']);
    expect(server.statements.flatMap(mssqlTraps)).toEqual([]);
  });
});
