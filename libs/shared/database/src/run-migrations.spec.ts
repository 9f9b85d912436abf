import { TemporaryError } from '@repo/kernel';
import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { expect, it } from 'vitest';
import { columnTypes } from './column-types.js';
import { runMigrations } from './run-migrations.js';
import { captureMssql } from './testing/index.js';

class Coins1700000000001 implements MigrationInterface {
  readonly name = 'Coins1700000000001';
  async up(queryRunner: QueryRunner) {
    const { column, now } = columnTypes(queryRunner);
    await queryRunner.createTable(new Table({ name: 'Coins', columns: [column('id', 'uuid', { isPrimary: true }), column('at', 'datetime', { default: now })] }));
  }
  async down() {}
}

it('has one process at a time migrate a SQL Server', async () => {
  const server = await captureMssql([], [Coins1700000000001]);
  server.answerWith((sql) => (sql.includes('sp_getapplock') ? [{ answer: 0 }] : undefined));
  expect(await runMigrations(server.source)).toEqual(['Coins1700000000001']);
  const sent = server.statements.map(({ sql }) => sql);
  const lock = sent.findIndex((sql) => sql.includes("sp_getapplock @Resource = 'migrations', @LockMode = 'Exclusive'"));
  const table = sent.findIndex((sql) => sql.includes('CREATE TABLE "Coins" ("id" uniqueidentifier NOT NULL, "at" datetime2(3) NOT NULL CONSTRAINT'));
  expect(lock).toBeGreaterThanOrEqual(0);
  expect(table).toBeGreaterThan(lock);
  expect(sent[table]).toContain('DEFAULT SYSUTCDATETIME()');
});

it('says that another process is at it', async () => {
  const server = await captureMssql([], [Coins1700000000001]);
  server.answerWith((sql) => (sql.includes('sp_getapplock') ? [{ answer: -1 }] : undefined));
  await expect(runMigrations(server.source)).rejects.toThrow(TemporaryError);
  expect(server.statements.some(({ sql }) => sql.includes('CREATE TABLE "Coins"'))).toBe(false);
});
