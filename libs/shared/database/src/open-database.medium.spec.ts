import { TemporaryError } from '@repo/kernel';
import { Entity, type DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { translateDatabaseErrors } from './database-errors.js';
import { CollectionDatabase } from './databases.js';
import { openDatabase } from './open-database.js';
import { PortableColumn } from './portable-column.js';
import { startScratchDatabase } from './testing/index.js';
import { inTransaction } from './transaction.js';

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

it('tries a deadlock again until both are through', async () => {
  let attempts = 0;
  const change = (first: number, second: number) => {
    let met = false;
    return inTransaction(source, async (manager) => {
      attempts += 1;
      await manager.update(CoinRow, { id: first }, { name: `from ${first}` });
      if (!met) {
        met = true;
        await new Promise((resolve) => setTimeout(resolve, 200)); // until the other holds its row
      }
      await manager.update(CoinRow, { id: second }, { name: `from ${first}` });
    });
  };
  await Promise.all([change(1, 2), change(2, 1)]);
  expect(attempts).toBeGreaterThan(2);
});

it('takes a transaction back when its work fails, and tries only what is worth it', async () => {
  let attempts = 0;
  const failing = inTransaction(source, async (manager) => {
    attempts += 1;
    await manager.update(CoinRow, { id: 1 }, { name: 'never' });
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(attempts).toBe(1);
  expect((await coins().findOneByOrFail({ id: 1 })).name).not.toBe('never');
});

it('gives up after three attempts', async () => {
  let attempts = 0;
  const work = () => {
    attempts += 1;
    return Promise.reject(new Error('again'));
  };
  await expect(inTransaction(source, work, { retry: () => true })).rejects.toThrow('again');
  expect(attempts).toBe(3);
});
