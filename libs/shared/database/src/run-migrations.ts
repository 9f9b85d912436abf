import { setTimeout as wait } from 'node:timers/promises';
import { TemporaryError } from '@repo/kernel';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { translateDatabaseErrors } from './database-errors.js';
import { resolvePortableColumns } from './portable-column.js';

/** Any number will do, so long as it stays. */
const POSTGRES_LOCK = 7_021_984_403;
const LOCK_WAIT_MS = 120_000;

/**
 * Brings the tables up to date, all migrations in one transaction, and answers the names of
 * those that ran. Several processes may ask at once: one works, the others wait and find
 * nothing left to do. Throws TemporaryError when that takes longer than 2 minutes.
 */
export async function runMigrations(source: DataSource): Promise<string[]> {
  // A connection of its own: building an index may well take longer than a query may.
  const migrating = new DataSource(withoutTimeouts(source.options));
  try {
    await translateDatabaseErrors(() => migrating.initialize());
    resolvePortableColumns(migrating);
    const lockHolder = migrating.createQueryRunner();
    try {
      await takeLock(lockHolder);
      const ran = await migrating.runMigrations({ transaction: 'all' });
      return ran.map(({ name }) => name);
    } finally {
      await releaseLock(lockHolder).catch(() => {}); // it ends with its connection anyway
      await lockHolder.release();
    }
  } finally {
    if (migrating.isInitialized) {
      await migrating.destroy();
    }
  }
}

function withoutTimeouts(options: DataSourceOptions): DataSourceOptions {
  return options.type === 'mssql'
    ? { ...options, requestTimeout: 0, pool: { ...options.pool, max: 2 } }
    : ({ ...options, poolSize: 2, extra: {} } as DataSourceOptions);
}

async function takeLock(runner: QueryRunner): Promise<void> {
  if (runner.connection.options.type === 'mssql') {
    // Its lock belongs to a transaction, which also keeps the pool from lending the connection to others.
    await runner.startTransaction();
    const [answer] = (await runner.query(
      `DECLARE @answer int; EXEC @answer = sp_getapplock @Resource = 'migrations', @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = ${LOCK_WAIT_MS}; SELECT @answer AS answer`,
    )) as [{ answer: number } | undefined];
    if ((answer?.answer ?? -1) < 0) {
      throw new TemporaryError('Another process is still migrating the database');
    }
    return;
  }
  for (const deadline = Date.now() + LOCK_WAIT_MS; ; await wait(100)) {
    const [answer] = (await runner.query('SELECT pg_try_advisory_lock($1) AS taken', [POSTGRES_LOCK])) as [{ taken: boolean }];
    if (answer.taken) {
      return;
    }
    if (Date.now() > deadline) {
      throw new TemporaryError('Another process is still migrating the database');
    }
  }
}

async function releaseLock(runner: QueryRunner): Promise<void> {
  if (runner.connection.options.type === 'mssql') {
    await runner.commitTransaction();
  } else {
    await runner.query('SELECT pg_advisory_unlock($1)', [POSTGRES_LOCK]);
  }
}
