import { TemporaryError } from '@repo/kernel';
import { expect, it } from 'vitest';
import { dataSourceOptions, openDatabase } from './open-database.js';

const nothing = { entities: [], migrations: [] };

it('reads every part of a SQL Server URL', () => {
  expect(dataSourceOptions('mssql://sa:p%40ss%2Fword@db.example:1444/my%20db?encrypt=false&trustServerCertificate=true', { ...nothing, poolSize: 7 })).toMatchObject({
    type: 'mssql',
    host: 'db.example',
    port: 1444,
    username: 'sa',
    password: 'p@ss/word',
    database: 'my db',
    connectionTimeout: 2_000,
    requestTimeout: 10_000,
    pool: { max: 7, acquireTimeoutMillis: 2_000 },
    options: { encrypt: false, trustServerCertificate: true, useUTC: true, lowerCaseGuids: true },
  });
});

it('encrypts and checks the certificate unless told otherwise', () => {
  expect(dataSourceOptions('mssql://sa:p@h/db', nothing)).toMatchObject({ port: 1433, options: { encrypt: true, trustServerCertificate: false } });
});

it('needs no extension of PostgreSQL and waits for nothing without end', () => {
  expect(dataSourceOptions('postgres://u:p@h/db', nothing)).toMatchObject({
    type: 'postgres',
    uuidExtension: 'pgcrypto',
    installExtensions: false,
    poolSize: 10,
    connectTimeoutMS: 2_000,
    extra: { statement_timeout: 10_000 },
  });
});

it.each(['mysql://u:p@h/db', 'http://h/db'])('refuses %s', (url) => {
  expect(() => dataSourceOptions(url, nothing)).toThrow('Expected a postgres:// or mssql:// database URL');
});

it('says that a server which is not there can not answer now', async () => {
  await expect(openDatabase('postgres://u:p@127.0.0.1:1/db', nothing)).rejects.toThrow(TemporaryError);
});
