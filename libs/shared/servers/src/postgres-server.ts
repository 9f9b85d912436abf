import { chownSync } from 'node:fs';
import path from 'node:path';
import { freePorts } from './free-ports.js';
import { findProgram, makeDataFolder, removeDataFolder, run, ServerProcess, type TestServer } from './server-process.js';

/** Debian's PostgreSQL 15, crash-safe, without passwords on 127.0.0.1. */
export class PostgresServer implements TestServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private process: ServerProcess,
  ) {}

  static isInstalled(): boolean {
    return findProgram('initdb') !== undefined;
  }

  static async start(): Promise<PostgresServer> {
    const [port] = await freePorts(1);
    const folder = await makeDataFolder('postgres');
    if (isRoot()) {
      chownSync(folder, await idOf('-u'), await idOf('-g'));
    }
    const [initdb, ...args] = asPostgres(findProgram('initdb')!, '-D', path.join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8');
    await run(initdb!, args, { cwd: '/' });
    return new PostgresServer(folder, port!, await launch(folder, port!));
  }

  /** Of the database `postgres`. */
  get url(): string {
    return this.urlOf('postgres');
  }

  urlOf(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database and answers its URL. */
  async createDatabase(name: string): Promise<string> {
    await this.sql(`CREATE DATABASE "${name}"`);
    return this.urlOf(name);
  }

  /** Runs one statement; answers its rows as text, tabs between columns. */
  sql(statement: string, database = 'postgres'): Promise<string> {
    return run('psql', ['-X', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', statement, this.urlOf(database)]);
  }

  /** As a power cut does: every session ends in the middle of what it does. */
  async kill(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  /** `pg_ctl stop -m immediate` */
  async stopAtOnce(): Promise<void> {
    await this.process.end('SIGQUIT');
  }

  /** On the same port; recovers first. */
  async startAgain(): Promise<void> {
    this.process = await launch(this.folder, this.port);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGINT');
    removeDataFolder(this.folder);
  }
}

async function launch(folder: string, port: number): Promise<ServerProcess> {
  const settings = [`listen_addresses=127.0.0.1`, `unix_socket_directories=${folder}`, 'max_connections=300', 'shared_buffers=64MB'];
  const [command, ...args] = asPostgres(findProgram('postgres')!, '-D', path.join(folder, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting]));
  const server = ServerProcess.start(command!, args, { logFile: path.join(folder, 'log'), cwd: '/' });
  await server.untilReady('PostgreSQL', async () => (await run('psql', ['-X', '-A', '-t', '-c', 'SELECT 1', `postgres://postgres@127.0.0.1:${port}/postgres`])).trim() === '1');
  return server;
}

const isRoot = () => process.getuid?.() === 0;

/** PostgreSQL refuses to run as root. */
function asPostgres(...command: string[]): string[] {
  return isRoot() ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', ...command] : command;
}

async function idOf(kind: '-u' | '-g'): Promise<number> {
  return Number(await run('id', [kind, 'postgres']));
}
