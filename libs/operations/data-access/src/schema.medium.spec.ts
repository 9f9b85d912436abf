import { openDatabase, runMigrations } from '@repo/database';
import { captureMssql, migrationStatements, openScratchDatabase, schemaStatements, startScratchDatabase } from '@repo/database/testing';
import { newId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { operationsEntities as entities, operationsMigrations as migrations } from './tables.js';

it('migrates PostgreSQL to what the entities say', async () => {
  const source = await openScratchDatabase({ entities, migrations });
  expect(await schemaStatements(source)).toEqual([]);
  await source.destroy();
});

it('leaves the error log of a database alone that has one already', async () => {
  const source = await openDatabase((await startScratchDatabase()).url, { entities, migrations });
  // As the collection's first migration made it.
  await source.query('CREATE TABLE "ErrorLog" ("id" uuid PRIMARY KEY, "msg" varchar(2000) NOT NULL, "reason" varchar(400) NOT NULL, "context" text NOT NULL, "timestamp" timestamptz(3) NOT NULL)');
  await source.query('CREATE INDEX "IX_ErrorLog_timestamp" ON "ErrorLog" ("timestamp")');
  await source.query(`INSERT INTO "ErrorLog" VALUES ($1, 'from before', 'r', '{}', now())`, [newId()]);
  await runMigrations(source);
  expect(await source.query('SELECT "msg" FROM "ErrorLog"')).toEqual([{ msg: 'from before' }]);
  await source.destroy();
});

it('takes everything back', async () => {
  const source = await openScratchDatabase({ entities, migrations });
  await source.undoLastMigration();
  const left = await source.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`);
  expect(left).toEqual([]);
  await source.destroy();
});

it('makes in SQL Server what the entities say', async () => {
  const { source } = await captureMssql(entities, migrations);
  expect((await migrationStatements(source)).sort()).toEqual((await schemaStatements(source)).sort());
});
