import { MssqlParameter, type DataSource } from 'typeorm';

/**
 * A point in time as the parameter of a hand-written condition. SQL Server would take a bare
 * Date for a `datetime`, which rounds to 3 ms, so that it would not equal the column it came from.
 */
export function instant(source: DataSource, at: Date): Date {
  return source.options.type === 'mssql' ? (new MssqlParameter(at, 'datetime2', 3) as unknown as Date) : at;
}
