import { TemporaryError } from '@repo/kernel';
import { FaultProxy } from '@repo/servers';
import { Entity, type DataSource, type EntityManager } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
}

/** By a connection of its own, which no fault reaches. */
let direct: DataSource;
let proxy: FaultProxy;
let source: DataSource;
let attempts: number;

beforeAll(async () => {
  const { url } = await startScratchDatabase();
  direct = await openDatabase(url, { entities: [CoinRow], migrations: [], poolSize: 2, applicationName: 'onlooker' });
  await direct.synchronize();
  proxy = await FaultProxy.to(Number(new URL(url).port));
  source = await openDatabase(proxy.through(url), { entities: [CoinRow], migrations: [], poolSize: 4, applicationName: 'under test' });
});
afterAll(async () => {
  await source.destroy();
  await proxy.stop();
  await direct.destroy();
});
beforeEach(async () => {
  attempts = 0;
  await direct.getRepository(CoinRow).deleteAll();
  await direct.getRepository(CoinRow).insert([1, 2].map((id) => ({ id, name: 'old' })));
});
afterEach(() => {
  proxy.faults = {};
});

const names = async () => (await direct.getRepository(CoinRow).find({ order: { id: 'ASC' } })).map(({ name }) => name);
const endSessions = () => direct.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'under test'`);
const rename = async (manager: EntityManager) => {
  attempts += 1;
  await manager.update(CoinRow, { id: 1 }, { name: 'new' });
};

it('tries a deadlock again until both are through', async () => {
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
  const failing = inTransaction(source, async (manager) => {
    await rename(manager);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect([attempts, await names()]).toEqual([1, ['old', 'old']]);
});

it('gives up after three attempts', async () => {
  const work = () => {
    attempts += 1;
    return Promise.reject(new Error('again'));
  };
  await expect(inTransaction(source, work, { retry: () => true })).rejects.toThrow('again');
  expect(attempts).toBe(3);
});

describe('a connection that is lost before COMMIT was sent', () => {
  it.each<[when: string, work: (manager: EntityManager) => Promise<unknown>]>([
    ['between two statements', async () => {
      await endSessions();
      await new Promise((resolve) => setTimeout(resolve, 50)); // until the client knows
    }],
    ['between two statements, and the second is asked', async (manager) => {
      await endSessions();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await manager.query('SELECT 1');
    }],
    ['in a statement', (manager) => Promise.all([manager.query('SELECT pg_sleep(5)'), new Promise((resolve) => setTimeout(resolve, 50)).then(endSessions)])],
  ])('%s: the work is done again', async (_, lose) => {
    await inTransaction(source, async (manager) => {
      await rename(manager);
      if (attempts === 1) {
        await lose(manager);
      }
    });
    expect([attempts, await names()]).toEqual([2, ['new', 'old']]);
  });

  it('again and again: the caller is told', async () => {
    const work = inTransaction(source, async (manager) => {
      await rename(manager);
      await endSessions();
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toThrow(TemporaryError);
    expect([attempts, await names()]).toEqual([3, ['old', 'old']]);
  });
});

describe('an answer to COMMIT that is lost', () => {
  beforeEach(() => {
    proxy.faults = { cutAnswerTo: 'COMMIT' };
  });

  it('is not tried again: it may have been kept, and the caller is told', async () => {
    await expect(inTransaction(source, rename)).rejects.toThrow(TemporaryError);
    expect([attempts, await names()]).toEqual([1, ['new', 'old']]);
  });

  it('is tried again when the work finds what it made', async () => {
    const make = async (manager: EntityManager) => {
      attempts += 1;
      const present = await manager.findOneBy(CoinRow, { id: 3 });
      if (present) {
        proxy.faults = {};
        return present;
      }
      await manager.insert(CoinRow, { id: 3, name: 'made' });
      return undefined;
    };
    expect(await inTransaction(source, make, { repeatable: true })).toMatchObject({ id: 3, name: 'made' });
    expect([attempts, await names()]).toEqual([2, ['old', 'old', 'made']]);
  });
});
