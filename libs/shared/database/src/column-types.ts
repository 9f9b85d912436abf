import type { QueryRunner, TableColumnOptions } from 'typeorm';

/** The databases that one set of entities and migrations serves. */
export type Dialect = 'postgres' | 'mssql';

/**
 * What a column holds, whatever the database calls it.
 * `text` and `exacttext` take a length in UTF-16 units; `exacttext` tells case, accents and
 * trailing blanks apart, also where the database's own rule would not (SQL Server).
 */
export type ColumnKind = 'uuid' | 'datetime' | 'text' | 'exacttext' | 'longtext' | 'json' | 'integer' | 'float' | 'boolean';

type ColumnShape = Pick<TableColumnOptions, 'type' | 'length' | 'precision' | 'collation'>;

const shapes: Record<Dialect, Record<ColumnKind, ColumnShape>> = {
  postgres: {
    uuid: { type: 'uuid' },
    datetime: { type: 'timestamptz', precision: 3 },
    text: { type: 'varchar' },
    exacttext: { type: 'varchar' },
    longtext: { type: 'text' },
    json: { type: 'text' },
    integer: { type: 'integer' },
    float: { type: 'double precision' },
    boolean: { type: 'boolean' },
  },
  mssql: {
    uuid: { type: 'uniqueidentifier' },
    datetime: { type: 'datetime2', precision: 3 },
    text: { type: 'nvarchar' },
    exacttext: { type: 'nvarchar', collation: 'Latin1_General_100_BIN2' },
    longtext: { type: 'nvarchar', length: 'MAX' },
    json: { type: 'nvarchar', length: 'MAX' },
    integer: { type: 'int' },
    float: { type: 'float' },
    boolean: { type: 'bit' },
  },
};

export function columnShape(dialect: Dialect, kind: ColumnKind): ColumnShape {
  return shapes[dialect][kind];
}

/** Columns for a migration that serves both databases. */
export interface ColumnTypes {
  /** Options beyond the type (`isNullable`, `isPrimary`, `length`, `default`) are TypeORM's. */
  column(name: string, kind: ColumnKind, options?: Partial<TableColumnOptions>): TableColumnOptions;
  /** Default of a `datetime` column: the server's clock, in UTC. */
  readonly now: string;
  /** Quotes a name for a condition such as an index's `where`. */
  quote(name: string): string;
}

/** The column types of the database that a migration runs on. */
export function columnTypes(queryRunner: QueryRunner): ColumnTypes {
  const dialect = dialectOf(queryRunner.connection.options.type);
  return {
    column: (name, kind, options = {}) => ({ name, ...columnShape(dialect, kind), ...options }),
    now: nowIn(dialect),
    quote: (name) => `"${name}"`,
  };
}

/** The server's clock in UTC: SQL Server's getdate() would be local time. */
export function nowIn(dialect: Dialect): string {
  return dialect === 'mssql' ? 'SYSUTCDATETIME()' : 'now()';
}

/** Throws for a database that the entities are not written for. */
export function dialectOf(type: string): Dialect {
  if (type !== 'postgres' && type !== 'mssql') {
    throw new Error(`Expected a postgres or mssql database, got ${type}`);
  }
  return type;
}
