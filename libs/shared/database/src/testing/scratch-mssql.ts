import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { openDatabase, type DatabaseOptions } from '../open-database.js';
import { runMigrations } from '../run-migrations.js';

/**
 * A fresh database with its tables made, on a SQL Server that goes when the tests end: it is left there.
 *
 * @param serverUrl of a database whose user may make others, e.g. `mssql://sa:password@host:1433/master?trustServerCertificate=true`
 */
export async function openScratchMssql(serverUrl: string, options: DatabaseOptions): Promise<DataSource> {
  const name = `scratch_${randomUUID().replaceAll('-', '')}`;
  const server = await openDatabase(serverUrl, { entities: [], migrations: [] });
  await server.query(`CREATE DATABASE ${name}`);
  // As docs/decisions/0002 asks of every SQL Server: who reads does not wait for who writes.
  await server.query(`ALTER DATABASE ${name} SET READ_COMMITTED_SNAPSHOT ON`);
  await server.destroy();
  const url = new URL(serverUrl);
  url.pathname = name;
  const source = await openDatabase(url.href, options);
  await runMigrations(source);
  return source;
}
