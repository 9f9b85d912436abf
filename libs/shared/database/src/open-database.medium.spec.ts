import { TemporaryError } from '@repo/kernel';
import { Entity, type DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { translateDatabaseErrors } from './database-errors.js';
import { CollectionDatabase } from './databases.js';
import { openDatabase } from './open-database.js';
import { PortableColumn } from './portable-column.js';
import { startScratchDatabase } from './testing/index.js';

@Entity('Coins')
class CoinRow {
  @PortableColumn('integer', { primary: true })
  id!: number;

  @PortableColumn('text', { length: 20 })
  name!: string;

  @PortableColumn('json', { nullable: true })
  facts!: object | null;

  @PortableColumn('datetime')
  at!: Date;
}

let source: DataSource;
let url: string;
beforeAll(async () => {
  ({ url } = await startScratchDatabase());
  source = await openDatabase(url, { entities: [CoinRow], migrations: [], poolSize: 2 });
  await source.synchronize();
  await source.getRepository(CoinRow).insert([1, 2].map((id) => ({ id, name: 'a', facts: null, at: new Date(0) })));
});
afterAll(() => source.destroy());

const coins = () => source.getRepository(CoinRow);

it('gives back what it was given', async () => {
  const coin = { id: 9, name: 'Dobrão', facts: { ano: 1724, peso: [53.8] }, at: new Date('2026-03-01T12:00:00.123Z') };
  await coins().insert(coin);
  expect(await coins().findOneByOrFail({ id: 9 })).toEqual(coin);
  expect(await coins().findOneByOrFail({ id: 1 })).toMatchObject({ facts: null });
});

it('ends a statement that takes too long', async () => {
  const [{ statement_timeout: timeout }] = (await source.query('SHOW statement_timeout')) as [{ statement_timeout: string }];
  expect(timeout).toBe('10s');
});

it('does not wait for ever for a free connection', async () => {
  const held = [source.createQueryRunner(), source.createQueryRunner()];
  await Promise.all(held.map((runner) => runner.connect()));
  const start = performance.now();
  await expect(translateDatabaseErrors(() => coins().count())).rejects.toThrow(TemporaryError);
  expect(performance.now() - start).toBeLessThan(4_000);
  await Promise.all(held.map((runner) => runner.release()));
  expect(await coins().count()).toBeGreaterThan(0);
});

it('goes on after the server dropped its connections', async () => {
  const database = new CollectionDatabase(source);
  await database.check();
  const other = await openDatabase(url, { entities: [], migrations: [] });
  await other.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
  await other.destroy();
  // Some may still meet a connection that is already lost, and are told so.
  await expect.poll(() => database.check().then(() => 'answered', (error: { code: string }) => error.code)).toBe('answered');
});
