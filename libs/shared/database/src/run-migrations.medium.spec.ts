import { Table, type DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { columnTypes } from './column-types.js';
import { openDatabase, type MigrationClass } from './open-database.js';
import { runMigrations } from './run-migrations.js';
import { startScratchDatabase } from './testing/index.js';

class Coins1700000000001 implements MigrationInterface {
  readonly name = 'Coins1700000000001';
  async up(queryRunner: QueryRunner) {
    const { column, now } = columnTypes(queryRunner);
    await queryRunner.query('SELECT pg_sleep(0.2)'); // long enough for others to come
    await queryRunner.createTable(new Table({ name: 'Coins', columns: [column('id', 'uuid', { isPrimary: true }), column('at', 'datetime', { default: now })] }));
  }
  async down() {}
}
class Broken1700000000002 implements MigrationInterface {
  readonly name = 'Broken1700000000002';
  async up(queryRunner: QueryRunner) {
    const { column } = columnTypes(queryRunner);
    await queryRunner.createTable(new Table({ name: 'Half', columns: [column('id', 'integer', { isPrimary: true })] }));
    await queryRunner.query('SELECT broken');
  }
  async down() {}
}

const open = (url: string, migrations: MigrationClass[]) => openDatabase(url, { entities: [], migrations, poolSize: 2 });
const tables = async (source: DataSource) =>
  ((await source.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`)) as { tablename: string }[]).map(({ tablename }) => tablename);

it('runs each migration once, also when several processes start at once', async () => {
  const { url } = await startScratchDatabase();
  const sources = await Promise.all([1, 2, 3, 4].map(() => open(url, [Coins1700000000001])));
  const ran = await Promise.all(sources.map((source) => runMigrations(source)));
  expect(ran.flat()).toEqual(['Coins1700000000001']);
  expect(await runMigrations(sources[0]!)).toEqual([]);
  expect(await tables(sources[0]!)).toEqual(['Coins', 'migrations']);
  await Promise.all(sources.map((source) => source.destroy()));
});

it('leaves nothing of migrations of which one fails, and lets the next start try again', async () => {
  const { url } = await startScratchDatabase();
  const broken = await open(url, [Coins1700000000001, Broken1700000000002]);
  await expect(runMigrations(broken)).rejects.toThrow('broken');
  expect(await tables(broken)).toEqual(['migrations']);
  const mended = await open(url, [Coins1700000000001]);
  expect(await runMigrations(mended)).toEqual(['Coins1700000000001']);
  await Promise.all([broken.destroy(), mended.destroy()]);
});
