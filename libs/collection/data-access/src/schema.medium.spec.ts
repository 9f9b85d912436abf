import { captureMssql, migrationStatements, openScratchDatabase, schemaStatements } from '@repo/database/testing';
import { expect, it } from 'vitest';
import { collectionEntities as entities, collectionMigrations as migrations } from './tables.js';

it('migrates PostgreSQL to what the entities say', async () => {
  const source = await openScratchDatabase({ entities, migrations });
  expect(await schemaStatements(source)).toEqual([]);
  await source.destroy();
});

it('takes everything back', async () => {
  const source = await openScratchDatabase({ entities, migrations });
  for (const _ of migrations) {
    await source.undoLastMigration();
  }
  const left = await source.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`);
  expect(left).toEqual([]);
  await source.destroy();
});

it('makes in SQL Server what the entities say', async () => {
  const { source } = await captureMssql(entities, migrations);
  expect(foldAddedColumns(await migrationStatements(source)).sort()).toEqual((await schemaStatements(source)).sort());
});

/** `CREATE TABLE` as it would be, had the columns been there from the start. */
function foldAddedColumns(statements: readonly string[]): string[] {
  return statements.reduce<string[]>((folded, statement) => {
    const [, table, column] = /^ALTER TABLE ("\w+") ADD ("\w+" .+)$/.exec(statement) ?? [];
    return column === undefined || column.includes('CONSTRAINT')
      ? [...folded, statement]
      : folded.map((other) => (other.startsWith(`CREATE TABLE ${table} `) ? other.replace(', CONSTRAINT', `, ${column}, CONSTRAINT`) : other));
  }, []);
}

it('asks SQL Server for its own types, names and clock', async () => {
  const { source } = await captureMssql(entities, migrations);
  const statements = (await migrationStatements(source)).join('\n');
  expect(statements).toContain('"createdAt" datetime2(3) NOT NULL');
  expect(statements).toContain('"nomeNormalizado" nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL');
  expect(statements).toContain('"key" nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL');
  expect(statements).toContain('"descricao" nvarchar(MAX)');
  expect(statements).not.toMatch(/getdate|CASCADE|timestamptz|\btext\b|jsonb/i);
});
