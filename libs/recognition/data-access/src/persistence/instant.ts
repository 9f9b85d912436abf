import { MssqlParameter, type DataSource } from 'typeorm';

/** An instant as a query's parameter: SQL Server would take a bare date as its old datetime, which rounds to 3 ms. */
export function instant(source: DataSource, date: Date): Date | MssqlParameter {
  return source.options.type === 'mssql' ? new MssqlParameter(date, 'datetime2', 3) : date;
}
