// A process that ends: it brings both databases up to date and sees to it that somebody can sign in.
// What it needs for that (TypeORM, the drivers) would otherwise stay in the supervisor's memory.
// A person may start it by themselves, before services on several machines.
import 'reflect-metadata';
import * as augmentation from '@repo/augmentation-data-access';
import * as collection from '@repo/collection-data-access';
import { ConfigurationError, databaseEnv, readEnvironment } from '@repo/config';
import { CollectionDatabase, openDatabase, runMigrations, type DatabaseOptions } from '@repo/database';
import * as identity from '@repo/identity-data-access';
import { ensureLocalAdministrator, type LocalAdministrator } from '@repo/identity-domain';
import { TemporaryError } from '@repo/kernel';
import * as operations from '@repo/operations-data-access';
import * as recognition from '@repo/recognition-data-access';
import { z } from 'zod';

/** sysexits' EX_TEMPFAIL: a database does not answer. */
const TRY_AGAIN = 75;

export interface PrepareAnswer {
  administrator: LocalAdministrator;
}

const parts = {
  collection: {
    entities: [...identity.collectionEntities, ...collection.collectionEntities, ...recognition.collectionEntities, ...operations.operationsEntities],
    migrations: [...identity.collectionMigrations, ...collection.collectionMigrations, ...recognition.collectionMigrations, ...operations.operationsMigrations],
  },
  learning: {
    entities: [...augmentation.learningEntities, ...recognition.learningEntities],
    migrations: [...augmentation.learningMigrations, ...recognition.learningMigrations],
  },
};

const administratorEnv = z.object({ OC_AUTH_EMAIL: z.string().optional(), OC_AUTH_PASSWORD: z.string().optional() });

async function prepare(): Promise<PrepareAnswer> {
  const environment = readEnvironment(databaseEnv.extend(administratorEnv.shape));

  const learning = await openUpToDate('LEARNING_DATABASE_URL', environment.LEARNING_DATABASE_URL, parts.learning);
  await learning.destroy();

  const source = await openUpToDate('COLLECTION_DATABASE_URL', environment.COLLECTION_DATABASE_URL, parts.collection);
  const administrator = await ensureLocalAdministrator(new identity.SqlUserRepository(new CollectionDatabase(source)), {
    email: environment.OC_AUTH_EMAIL,
    password: environment.OC_AUTH_PASSWORD,
    reset: process.argv.includes('--reset-password'),
  });
  await source.destroy();
  return { administrator };
}

async function openUpToDate(variable: string, url: string, tables: DatabaseOptions): ReturnType<typeof openDatabase> {
  try {
    const source = await openDatabase(url, { ...tables, poolSize: 2 });
    await runMigrations(source);
    return source;
  } catch (cause) {
    if (cause instanceof TemporaryError) {
      const { message, code } = cause.cause as { message: string; code?: string }; // the system's own has no message for a name of several addresses
      const reason = message || code;
      throw new TemporaryError(`The database of ${variable} does not answer at ${new URL(url).host} (${reason}): start it, or change ${variable} in .env or the environment`, { cause });
    }
    throw new Error(`The database of ${variable} can't be used: ${(cause as Error).message}`, { cause });
  }
}

try {
  const answer = await prepare();
  if (process.send) {
    process.send(answer, () => process.disconnect());
  } else {
    const { email, password } = answer.administrator;
    console.log(`Both databases are up to date. Administrator: ${email}${password ? `, password ${password} (shown this once: keep it)` : ''}`);
  }
} catch (error) {
  console.error(`✗ ${(error as Error).message}`);
  process.exit(error instanceof ConfigurationError ? error.exitCode : error instanceof TemporaryError ? TRY_AGAIN : 1);
}
