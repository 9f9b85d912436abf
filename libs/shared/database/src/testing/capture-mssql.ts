import mssql from 'mssql';
import { DataSource } from 'typeorm';
import { dataSourceOptions, type EntityClass, type MigrationClass } from '../open-database.js';
import { resolvePortableColumns } from '../portable-column.js';

export interface CapturedParameter {
  /** `0` for `@0`. */
  readonly name: string;
  readonly value: unknown;
  /** SQL Server's type, e.g. `datetime2`; absent when the driver would guess it from the value. */
  readonly type: string | undefined;
}

export interface CapturedStatement {
  readonly sql: string;
  readonly parameters: readonly CapturedParameter[];
}

type Row = Record<string, unknown>;

/** A SQL Server that only listens. */
export interface CapturedMssql {
  readonly source: DataSource;
  /** Since the start or the last `clear`. */
  readonly statements: readonly CapturedStatement[];
  clear(): void;
  /** Rows that queries get from now on; without an answer they get none. */
  answerWith(answer: (sql: string) => Row[] | undefined): void;
  /** Statements that find no row to change from now on. */
  changeNothingIn(isWithoutRows: (sql: string) => boolean): void;
}

/**
 * Opens the entities for a SQL Server that is not there: what would be sent to it is kept,
 * changes are reported to have met one row. TypeORM's whole way to the driver is real.
 */
export async function captureMssql(entities: readonly EntityClass[], migrations: readonly MigrationClass[] = []): Promise<CapturedMssql> {
  const statements: CapturedStatement[] = [];
  let answer: (sql: string) => Row[] | undefined = () => undefined;
  let isWithoutRows: (sql: string) => boolean = () => false;
  const driver = standIn((statement) => {
    statements.push(statement);
    return { rows: answer(statement.sql) ?? serverFacts(statement.sql), affected: isWithoutRows(statement.sql) ? 0 : 1 };
  });
  const options = dataSourceOptions('mssql://user:password@nowhere/database', { entities, migrations });
  const source = new DataSource({ ...options, driver } as typeof options);
  await source.initialize();
  resolvePortableColumns(source);
  statements.length = 0;
  return {
    source,
    statements,
    clear: () => void (statements.length = 0),
    answerWith: (given) => void (answer = given),
    changeNothingIn: (given) => void (isWithoutRows = given),
  };
}

/** Statements that would make the whole schema, in order. */
export async function schemaStatements(source: DataSource): Promise<string[]> {
  const log = await source.driver.createSchemaBuilder().log();
  return log.upQueries.map(({ query }) => query.trim());
}

/** Statements that the migrations send, in order. */
export async function migrationStatements(source: DataSource): Promise<string[]> {
  const runner = source.createQueryRunner();
  runner.enableSqlMemory();
  for (const migration of source.migrations) {
    await migration.up(runner);
  }
  const sent = runner.getMemorySql().upQueries.map(({ query }) => query.trim());
  runner.disableSqlMemory();
  await runner.release();
  return sent;
}

function serverFacts(sql: string): Row[] {
  if (/SCHEMA_NAME\(\)/i.test(sql)) {
    return [{ schema_name: 'dbo' }];
  }
  return /DB_NAME\(\)/i.test(sql) ? [{ db_name: 'database' }] : [];
}

/** The module `mssql` with its connections replaced. */
function standIn(send: (statement: CapturedStatement) => { rows: Row[]; affected: number }) {
  class Transaction {
    begin(...rest: unknown[]) {
      (rest.at(-1) as (error: null) => void)(null);
    }
    commit(done: (error: null) => void) {
      done(null);
    }
    rollback(done: (error: null) => void) {
      done(null);
    }
    on() {}
  }
  class ConnectionPool {
    connect(done: (error: null) => void) {
      queueMicrotask(() => done(null));
      return this;
    }
    close(done?: (error: null) => void) {
      done?.(null);
    }
    transaction() {
      return new Transaction();
    }
    on() {}
  }
  class Request {
    private readonly parameters: CapturedParameter[] = [];
    input(name: string, ...given: [value: unknown] | [type: unknown, value: unknown]) {
      this.parameters.push(
        given.length === 1 ? { name, value: given[0], type: undefined } : { name, value: given[1], type: declaredType(given[0]) },
      );
      return this;
    }
    on() {}
    query(sql: string) {
      const { rows, affected } = send({ sql, parameters: this.parameters });
      return Promise.resolve({ recordset: rows, recordsets: [rows], rowsAffected: [affected] });
    }
  }
  return { ...mssql, ConnectionPool, Request, Transaction };
}

/** A type of `mssql` is a function, or an object that holds it with its length. */
function declaredType(type: unknown): string {
  const bare = (type as { type?: unknown }).type ?? type;
  return (bare as { declaration: string }).declaration;
}
