import { DataSource, type DataSourceOptions, type EntitySchema, type MigrationInterface } from 'typeorm';
import { translateDatabaseErrors } from './database-errors.js';
import { resolvePortableColumns } from './portable-column.js';
import { QuietLogger } from './quiet-logger.js';

export type EntityClass = (new () => object) | EntitySchema;
export type MigrationClass = new () => MigrationInterface;

export interface DatabaseOptions {
  readonly entities: readonly EntityClass[];
  readonly migrations: readonly MigrationClass[];
  /** Connections this process may open; 10 by default. */
  readonly poolSize?: number;
  /** Shown in the server's list of sessions. */
  readonly applicationName?: string;
}

/** For a new connection, and for one to become free in a full pool. */
const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** A server that does not even report its time-out is given up a little later. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000;
/** A transaction that nobody continues must not hold its locks. */
const IDLE_TRANSACTION_TIMEOUT_MS = 30_000;

/**
 * Connects to `postgres://user:password@host:port/database` or
 * `mssql://user:password@host:port/database?trustServerCertificate=true&encrypt=false`.
 * Statements end after 10 s. Throws TemporaryError when the server can't be reached.
 */
export async function openDatabase(url: string, options: DatabaseOptions): Promise<DataSource> {
  const source = new DataSource(dataSourceOptions(url, options));
  await translateDatabaseErrors(() => source.initialize());
  resolvePortableColumns(source);
  return source;
}

/** What TypeORM is told. Exported for the specs' stand-in of SQL Server. */
export function dataSourceOptions(url: string, { entities, migrations, poolSize = 10, applicationName = 'ocolecionador' }: DatabaseOptions): DataSourceOptions {
  const common = { entities: [...entities], migrations: [...migrations], migrationsTableName: 'migrations', synchronize: false, logger: new QuietLogger() };
  const { protocol } = new URL(url);
  switch (protocol) {
    case 'postgres:':
    case 'postgresql:':
      return {
        ...common,
        type: 'postgres',
        url,
        poolSize,
        applicationName,
        uuidExtension: 'pgcrypto',
        installExtensions: false,
        connectTimeoutMS: CONNECT_TIMEOUT_MS,
        // A lost idle connection is replaced by the next query; who queries is told when that fails.
        poolErrorHandler: () => {},
        extra: {
          statement_timeout: STATEMENT_TIMEOUT_MS,
          query_timeout: ANSWER_TIMEOUT_MS,
          idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
          keepAlive: true,
        },
      };
    case 'mssql:':
      return { ...common, ...mssqlOptions(new URL(url), poolSize, applicationName) };
    default:
      throw new Error(`Expected a postgres:// or mssql:// database URL, got ${protocol}//`);
  }
}

function mssqlOptions(url: URL, poolSize: number, appName: string): Extract<DataSourceOptions, { type: 'mssql' }> {
  return {
    type: 'mssql',
    host: url.hostname,
    port: Number(url.port || 1433),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: STATEMENT_TIMEOUT_MS,
    pool: { max: poolSize, min: 0, acquireTimeoutMillis: CONNECT_TIMEOUT_MS, errorHandler: () => {} },
    options: {
      appName,
      encrypt: url.searchParams.get('encrypt') !== 'false',
      trustServerCertificate: url.searchParams.get('trustServerCertificate') === 'true',
      // TypeORM's own default reads and writes local time.
      useUTC: true,
      // SQL Server writes uuids in capitals, ids are compared as text. Known to tedious, not to TypeORM's types.
      ...{ lowerCaseGuids: true },
    },
  };
}
