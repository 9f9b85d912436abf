import path from 'node:path';
import { freePorts } from './free-ports.js';
import { findProgram, makeDataFolder, removeDataFolder, run, ServerProcess, type TestServer } from './server-process.js';

/** Redis with an append-only file, so that it may be killed and started again. */
export class RedisServer implements TestServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private process: ServerProcess,
  ) {}

  static isInstalled(): boolean {
    return findProgram('redis-server') !== undefined;
  }

  static async start(): Promise<RedisServer> {
    const [port] = await freePorts(1);
    const folder = await makeDataFolder('redis');
    return new RedisServer(folder, port!, await launch(folder, port!));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** One command, e.g. `cli('DEBUG', 'SLEEP', '30')`; answers what Redis said. */
  cli(...command: string[]): Promise<string> {
    return run('redis-cli', ['-h', '127.0.0.1', '-p', String(this.port), ...command]);
  }

  /** As a crash does. */
  kill(): Promise<void> {
    return this.process.end('SIGKILL');
  }

  /** Stops answering without closing a connection, until `resume`. */
  pause(): void {
    this.process.signal('SIGSTOP');
  }

  resume(): void {
    this.process.signal('SIGCONT');
  }

  /** On the same port, with the data that is left. */
  async startAgain(): Promise<void> {
    this.process = await launch(this.folder, this.port);
  }

  async stop(): Promise<void> {
    this.resume();
    await this.process.end('SIGTERM');
    removeDataFolder(this.folder);
  }
}

async function launch(folder: string, port: number): Promise<ServerProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--enable-debug-command', 'local'];
  const server = ServerProcess.start('redis-server', args, { logFile: path.join(folder, 'log') });
  await server.untilReady('Redis', async () => (await run('redis-cli', ['-h', '127.0.0.1', '-p', String(port), 'ping'])).includes('PONG'));
  return server;
}
