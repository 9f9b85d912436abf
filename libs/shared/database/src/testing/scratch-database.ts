import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataSource } from 'typeorm';
import { directoryUser } from '../embedded/directory-lock.js';
import { EmbeddedPostgres, stopLeftOver } from '../embedded/embedded-postgres.js';
import { openDatabase, type DatabaseOptions } from '../open-database.js';
import { runMigrations } from '../run-migrations.js';

const PREFIX = 'ocolecionador-test-';
/** Between making its folder and taking its lock a server looks abandoned. */
const YOUNG_MS = 60_000;

let server: Promise<EmbeddedPostgres> | undefined;
let made = 0;

/**
 * A fresh, empty PostgreSQL database for a medium spec: its own server in a temporary
 * folder, one in each test process, gone with that process. Not safe against power cuts.
 */
export async function startScratchDatabase(): Promise<{ readonly url: string }> {
  server ??= startServer();
  const running = await server;
  made += 1;
  const name = `scratch_${made}`;
  await running.ensureDatabase(name);
  return { url: running.urlFor(name) };
}

/** A fresh database with its tables made, opened as the applications open theirs. */
export async function openScratchDatabase(options: DatabaseOptions): Promise<DataSource> {
  const { url } = await startScratchDatabase();
  const source = await openDatabase(url, options);
  await runMigrations(source);
  return source;
}

/** The same, closed again: for an application that opens it itself, by its URL. */
export async function startDatabaseWithTables(options: DatabaseOptions): Promise<string> {
  const { url } = await startScratchDatabase();
  const source = await openDatabase(url, options);
  await runMigrations(source);
  await source.destroy();
  return url;
}

async function startServer(): Promise<EmbeddedPostgres> {
  await sweep();
  const dataDir = await mkdtemp(path.join(os.tmpdir(), PREFIX));
  const started = await EmbeddedPostgres.start({ dataDir, databases: [], durable: false });
  const remove = () => {
    started.kill();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  process.once('exit', remove);
  // How vitest ends its workers, and Ctrl-C: neither comes with an exit event.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      remove();
      process.kill(process.pid, signal);
    });
  }
  return started;
}

/** Servers of test processes that were killed, and so could not remove them. */
async function sweep(): Promise<void> {
  for (const name of (await readdir(os.tmpdir())).filter((entry) => entry.startsWith(PREFIX))) {
    await removeIfAbandoned(path.join(os.tmpdir(), name)).catch(() => {}); // another user's stays
  }
}

async function removeIfAbandoned(dataDir: string): Promise<void> {
  const { mtimeMs } = await stat(dataDir);
  if (Date.now() - mtimeMs > YOUNG_MS && (await directoryUser(dataDir)) === undefined) {
    await stopLeftOver(path.join(dataDir, 'postgres', 'cluster'));
    await rm(dataDir, { recursive: true, force: true });
  }
}
