import { TemporaryError } from '@repo/kernel';
import { QueryFailedError, QueryRunnerAlreadyReleasedError, QueryRunnerProviderAlreadyReleasedError } from 'typeorm';

interface DriverError {
  /** SQLSTATE of PostgreSQL, or a name such as ECONNREFUSED. */
  code?: unknown;
  /** SQL Server's error number. */
  number?: unknown;
  message?: unknown;
}

/** PostgreSQL, appendix A: by class (two characters) or whole. */
const temporaryStates = new Set(['08', '53', '40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '57P05', '25P03']);
const temporaryCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  // mssql's own
  ...['ETIMEOUT', 'ESOCKET', 'ECONNCLOSED', 'ENOTOPEN', 'ENOCONN', 'ECANCEL', 'EABORT'],
]);
/** SQL Server and Azure SQL: time-out, deadlock, lock time-out, snapshot conflict, connection lost, database busy or moving. */
const temporaryNumbers = new Set([-2, 64, 233, 1205, 1222, 3960, 10053, 10054, 10060, 10928, 10929, 40197, 40501, 40613, 49918, 49919, 49920]);
/** pg has no code for these. */
const temporaryMessages = /timeout exceeded when trying to connect|Connection terminated|Query read timeout|is not queryable|ResourceRequest timed out|operation timed out/i;

const conflictStates = new Set<unknown>(['40001', '40P01']);
const conflictNumbers = new Set<unknown>([1205, 3960]);

/** Ended by an administrator or a crash, or lost on the way: PostgreSQL's states, the system's codes, mssql's own. */
const lostCodes = new Set<unknown>(['57P01', '57P02', '08000', '08003', '08006', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ECONNCLOSED', 'ESOCKET']);
const lostNumbers = new Set<unknown>([64, 233, 10053, 10054]);
const lostMessages = /Connection terminated unexpectedly|is not queryable/;

function driverError(error: unknown): DriverError {
  return (error instanceof QueryFailedError ? error.driverError : (error ?? {})) as DriverError;
}

/** A unique index refused the row. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, number } = driverError(error);
  return code === '23505' || number === 2601 || number === 2627;
}

/** A row that others refer to was to go, or one that is referred to is missing. */
export function isForeignKeyViolation(error: unknown): boolean {
  const { code, number } = driverError(error);
  return code === '23503' || code === '23001' || number === 547;
}

/** Two transactions stood in each other's way and this one was rolled back: running it again may succeed. */
export function isTransactionConflict(error: unknown): boolean {
  const { code, number } = driverError(error);
  return conflictStates.has(code) || conflictNumbers.has(number);
}

/** The connection ended while it was in use: what it was asked last may or may not have been done. */
export function isConnectionLost(error: unknown): boolean {
  const { code, number, message } = driverError(error);
  return isTakenBack(error) || lostCodes.has(code) || lostNumbers.has(number) || lostMessages.test(String(message));
}

/** TypeORM takes a connection that ends between two statements away from its user: the runner says so, or its manager. */
function isTakenBack(error: unknown): boolean {
  return error instanceof QueryRunnerAlreadyReleasedError || error instanceof QueryRunnerProviderAlreadyReleasedError;
}

/** The database did not answer, or not in time. */
export function isTemporary(error: unknown): boolean {
  const { code, number, message } = driverError(error);
  return (
    isConnectionLost(error) ||
    (typeof code === 'string' && (temporaryCodes.has(code) || temporaryStates.has(code) || (code.length === 5 && temporaryStates.has(code.slice(0, 2))))) ||
    (typeof number === 'number' && temporaryNumbers.has(number)) ||
    temporaryMessages.test(String(message))
  );
}

/** Runs database work; when the database can't answer now, throws TemporaryError. Everything else passes. */
export async function translateDatabaseErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTemporary(error)) {
      throw new TemporaryError('The database can\'t answer now', { cause: error });
    }
    throw error;
  }
}
