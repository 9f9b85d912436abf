import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { lockHolder } from '../embedded/directory-lock.js';
import { EmbeddedPostgres, stopLeftOver } from '../embedded/embedded-postgres.js';

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

async function startServer(): Promise<EmbeddedPostgres> {
  await sweep();
  const dataDir = await mkdtemp(path.join(os.tmpdir(), PREFIX));
  const started = await EmbeddedPostgres.start({ dataDir, databases: [], durable: false });
  process.once('exit', () => {
    started.kill();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  return started;
}

/** Servers of test processes that were killed, and so could not remove them. */
async function sweep(): Promise<void> {
  for (const name of (await readdir(os.tmpdir())).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = path.join(os.tmpdir(), name);
    const folder = await stat(dataDir).catch(() => undefined);
    const abandoned = folder && Date.now() - folder.mtimeMs > YOUNG_MS && (await lockHolder(path.join(dataDir, 'lock'))) === undefined;
    if (abandoned) {
      await stopLeftOver(path.join(dataDir, 'postgres', 'cluster')).catch(() => {});
      await rm(dataDir, { recursive: true, force: true }).catch(() => {}); // another user's stays
    }
  }
}
