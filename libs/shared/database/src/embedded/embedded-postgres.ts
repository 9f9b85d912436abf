import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, open, readFile, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { DirectoryLock } from './directory-lock.js';
import { canEnter, preparePostgresBinaries, type PostgresBinaries, type ServerUser } from './postgres-binaries.js';
import { hasEnded, isRunning } from './running-process.js';

export interface EmbeddedPostgresOptions {
  /** Holds the lock, and the folder `postgres` with everything of the server. Made when absent. */
  readonly dataDir: string;
  /** Made when absent. Plain names: lower-case letters, digits and underscores. */
  readonly databases: readonly string[];
  /** False gives up safety against power cuts for speed: for tests alone. */
  readonly durable?: boolean;
}

/** The role that owns the databases. It is no superuser: a hole in an application must not become one in the machine. */
const APPLICATION_ROLE = 'ocolecionador';
/** `nobody`: whom the server runs as when we are root. */
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/** Recovery after a crash takes seconds per gigabyte of log, of which there is at most one. */
const START_TIMEOUT_MS = 120_000;
/** With the waits between them 7.5 s: some systems take seconds to clear a killed server away, and PostgreSQL waits for that. */
const START_ATTEMPTS = 6;
const STOP_GRACE_MS = 10_000;
const LOG_LIMIT_BYTES = 5_000_000;

/** Lean: the whole platform has 1.5 GB. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '80',
  shared_buffers: '48MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  autovacuum_max_workers: '2',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  io_method: 'sync', // else three more processes that read for the others
  wal_level: 'minimal', // nobody replicates it
  max_wal_senders: '0',
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** The PostgreSQL server that npm carries, as a child process on 127.0.0.1. */
export class EmbeddedPostgres {
  private stopping: Promise<void> | undefined;
  private readonly stopWithUs = () => void this.server.process.kill('SIGINT');

  /** Resolves with a sentence when the server has ended, asked to or not. */
  readonly ended: Promise<string>;

  private constructor(
    private readonly server: RunningServer,
    private readonly lock: DirectoryLock,
    private readonly password: string,
  ) {
    this.ended = new Promise((resolve) => {
      server.process.once('exit', (code, signal) => resolve(`The database server ended with ${signal ?? `code ${code}`}`));
    });
    process.once('exit', this.stopWithUs);
  }

  /**
   * Takes the folder's lock, makes the cluster at the first start, stops a server that an
   * earlier owner left behind, starts this one and makes the databases.
   * Throws DirectoryInUseError naming the process that holds the folder, or an Error saying what is missing.
   */
  static async start({ dataDir, databases, durable = true }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    await mkdir(dataDir, { recursive: true });
    const lock = await DirectoryLock.take(dataDir);
    try {
      const home = path.join(await realpath(dataDir), 'postgres');
      const user = await serverUser(home);
      const binaries = await preparePostgresBinaries(user);
      const cluster = await ensureCluster(home, binaries, user, durable);
      await stopLeftOver(cluster);
      const adminPassword = (await readFile(path.join(home, 'password'), 'utf8')).trim();
      const server = await launch(cluster, binaries, user, adminPassword, durable);
      const started = new EmbeddedPostgres(server, lock, randomBytes(24).toString('base64url'));
      try {
        await started.makeRole();
        for (const database of databases) {
          await started.ensureDatabase(database);
        }
      } catch (error) {
        await started.stop();
        throw error;
      }
      return started;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The password in it holds until the next start. */
  urlFor(database: string): string {
    return urlOf(APPLICATION_ROLE, this.password, this.server.port, database);
  }

  /** Makes the database unless it is there. */
  async ensureDatabase(name: string): Promise<void> {
    await this.administer(async (admin) => {
      const present = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (!present.rowCount) {
        await admin.query(`CREATE DATABASE ${admin.escapeIdentifier(name)} OWNER ${APPLICATION_ROLE}`);
      }
    });
  }

  /** Ends all sessions, writes everything down and stops; after 10 s less kindly. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= this.stopServer();
    return this.stopping;
  }

  /** Ends the server at once and in the middle of everything: for the exit of a test process, which can't wait. */
  kill(): void {
    process.off('exit', this.stopWithUs);
    this.server.process.kill('SIGKILL');
  }

  private async stopServer(): Promise<void> {
    process.off('exit', this.stopWithUs);
    await stopProcess(this.server.pid);
    await this.lock.release();
  }

  private makeRole(): Promise<void> {
    return this.administer(async (admin) => {
      const present = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [APPLICATION_ROLE]);
      await admin.query(`${present.rowCount ? 'ALTER' : 'CREATE'} ROLE ${APPLICATION_ROLE} LOGIN PASSWORD ${admin.escapeLiteral(this.password)}`);
    });
  }

  private async administer(work: (admin: pg.Client) => Promise<void>): Promise<void> {
    const admin = new pg.Client({ connectionString: this.server.adminUrl });
    await admin.connect();
    try {
      await work(admin);
    } finally {
      await admin.end();
    }
  }
}

interface RunningServer {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly adminUrl: string;
}

function urlOf(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}

/** Whom the server must run as; `undefined` for ourselves. */
async function serverUser(home: string): Promise<ServerUser | undefined> {
  const owner = await stat(path.join(home, 'cluster')).catch(() => undefined);
  const uid = process.getuid?.();
  if (uid === undefined) {
    return undefined;
  }
  if (uid === 0) {
    return owner ? { uid: owner.uid, gid: owner.gid } : NOBODY;
  }
  if (owner && owner.uid !== uid) {
    throw new Error(`The database in ${home} belongs to user ${owner.uid}: start as that user or as root, or choose another data folder`);
  }
  return undefined;
}

/** Makes the cluster unless it is there; a half-made one, whose making was killed, is made anew. */
async function ensureCluster(home: string, binaries: PostgresBinaries, user: ServerUser | undefined, durable: boolean): Promise<string> {
  const cluster = path.join(home, 'cluster');
  if (await lstat(cluster).catch(() => undefined)) {
    return cluster;
  }
  const unfinished = path.join(home, 'cluster.new');
  const passwordFile = path.join(home, 'password');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  for (const [place, mode] of [[home, 0o700], [unfinished, 0o700], [passwordFile, 0o600]] as const) {
    await chmod(place, mode);
    if (user) {
      await chown(place, user.uid, user.gid);
    }
  }
  const folder = await reachable(unfinished, user);
  const initdb = spawn(
    binaries.initdb,
    [
      ...['-D', folder, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${folder}/../password`, '-E', 'UTF8', '--no-instructions'],
      // The same order and letter case on every system, whatever locales it has.
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
      ...(durable ? [] : ['--no-sync']),
    ],
    { ...serverProcess(unfinished, user), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: Buffer[] = [];
  initdb.stdout?.on('data', (chunk: Buffer) => said.push(chunk));
  initdb.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = (await once(initdb, 'close').catch(refuseToRun)) as [number | null];
  if (code !== 0) {
    throw new Error(`The database could not be made in ${home}: ${lastLines(Buffer.concat(said).toString())}`);
  }
  await rename(unfinished, cluster);
  return cluster;
}

/** How the server's user reaches the folder it is started in. */
async function reachable(folder: string, user: ServerUser | undefined): Promise<string> {
  if (await canEnter(folder, user)) {
    return folder;
  }
  if (process.platform !== 'linux') {
    throw new Error(`PostgreSQL can't run as root, and other users may not enter ${folder}: start as an ordinary user, or choose another data folder`);
  }
  // A process may always enter the folder it stands in, whatever lies above; we can stand there before giving up root.
  return '/proc/self/cwd';
}

function serverProcess(cwd: string, user: ServerUser | undefined) {
  // Its own process group, so that Ctrl-C reaches us alone and the services can finish first.
  // Nothing of our environment, which holds secrets; Windows can't start anything without.
  return { cwd, ...user, detached: true, windowsHide: true, ...(process.platform === 'win32' ? {} : { env: { LC_ALL: 'C' } }) };
}

function refuseToRun(error: NodeJS.ErrnoException): never {
  throw new Error(`The built-in PostgreSQL does not start here (${error.code ?? error.message})`, { cause: error });
}

async function launch(cluster: string, binaries: PostgresBinaries, user: ServerUser | undefined, password: string, durable: boolean): Promise<RunningServer> {
  const folder = await reachable(cluster, user);
  const values = Object.entries({ ...settings, ...(durable ? {} : fastSettings) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = path.join(path.dirname(cluster), 'postgres.log');
  // Several attempts: the port may be taken meanwhile, and sessions of a killed server live on for a moment.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const log = await openLog(logFile);
    const server = spawn(binaries.postgres, ['-D', folder, '-p', String(port), ...values], { ...serverProcess(cluster, user), stdio: ['ignore', log.fd, log.fd] });
    await Promise.all([once(server, 'spawn').catch(refuseToRun), log.close()]);
    const running = { process: server, pid: server.pid!, port, adminUrl: urlOf('postgres', password, port, 'postgres') };
    const outcome = await firstAnswer(running);
    if (outcome === 'answered') {
      return running;
    }
    await stopProcess(running.pid);
    if (outcome === 'wrong password') {
      throw new Error(`The database refuses the password that was kept beside it, in ${path.join(path.dirname(cluster), 'password')}`);
    }
    if (attempt === START_ATTEMPTS) {
      throw new Error(`The database server does not start: ${lastLines(await readFile(logFile, 'utf8'))}`);
    }
    await wait(500 * attempt);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function openLog(file: string) {
  if (((await stat(file).catch(() => undefined))?.size ?? 0) > LOG_LIMIT_BYTES) {
    await rename(file, `${file}.1`); // one older file is kept
  }
  return open(file, 'a', 0o600);
}

/** Asks until a query is answered; 'none' when the server ended or never came that far. */
async function firstAnswer({ process: server, adminUrl }: RunningServer): Promise<'answered' | 'wrong password' | 'none'> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline && server.exitCode === null && server.signalCode === null; await wait(20)) {
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return 'answered';
    } catch (error) {
      if ((error as { code?: string }).code === '28P01') {
        return 'wrong password';
      }
    } finally {
      await client.end().catch(() => {});
    }
  }
  return 'none';
}

/** A server whose owner was killed still runs and holds the cluster: stopped as we would stop our own. */
export async function stopLeftOver(cluster: string): Promise<void> {
  const [firstLine = ''] = (await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(firstLine);
  // The number may be another process's by now; a server stands in its cluster.
  if (pid > 1 && (await isRunning(pid)) && (await standsIn(pid, cluster))) {
    await stopProcess(pid);
  }
}

async function standsIn(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') {
    return true; // can't be told; PostgreSQL itself keeps two servers from one cluster
  }
  return (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === (await realpath(folder));
}

/**
 * Fast shutdown (ends sessions, keeps everything committed), then immediate, then by force.
 * Windows knows force alone; the next start recovers from the log, as after the other two.
 */
async function stopProcess(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it ended by itself
    }
    if (await hasEnded(pid, STOP_GRACE_MS)) {
      return;
    }
  }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-5).join(' | ') || 'it said nothing';
