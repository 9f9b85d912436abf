import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Credentials } from './api-client.js';

const STOP_GRACE_MS = 30_000;
const ownPlaces = ['COLLECTION_DATABASE_URL', 'LEARNING_DATABASE_URL', 'MESSAGES_URL', 'OBJECTS_URL', 'OBJECTS_CREDENTIALS_FILE', 'OBJECTS_PUBLIC_URL', 'CACHE_URL', 'SENTRY_DSN', 'OC_OBJECTS_DIR', 'OC_MODEL_CACHE_DIR'];

/** A platform of our own, on free ports and in a folder of its own. */
export class PlatformProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly folder: string,
    readonly url: string,
    readonly credentials: Credentials,
  ) {}

  static isBuilt(): boolean {
    return existsSync(program());
  }

  /**
   * Starts `apps/standalone` and waits until it serves. Its output goes to `platform.log` in the folder.
   * Throws PlatformEndedError when it ends before it is ready, and the signal's reason.
   */
  static async start(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<PlatformProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocolecionador-demo-'));
    const [port, classifierPort, augmentationsPort, trainingPort] = await freePorts(4);
    const credentials = { email: 'demo@example.org', password: randomBytes(18).toString('base64url') };
    const log = createWriteStream(path.join(folder, 'platform.log'), { mode: 0o600 });
    const child = fork(program(), [], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C reaches the demo alone, which stops the platform in its own time.
      detached: true,
      env: {
        ...environment,
        OC_DATA_DIR: path.join(folder, 'data'),
        OC_HOST: '127.0.0.1',
        ...Object.fromEntries(['OC_PUBLIC_URL', 'OC_BACKEND_URL'].map((name) => [name, `http://127.0.0.1:${port}`])),
        OC_CLASSIFIER_URL: `http://127.0.0.1:${classifierPort}`,
        // Never where the person's own things are, whatever their .env says; empty counts as absent.
        ...Object.fromEntries(ownPlaces.map((name) => [name, ''])),
        PORT: String(port),
        CLASSIFIER_PORT: String(classifierPort),
        AUGMENTATIONS_PORT: String(augmentationsPort),
        TRAINING_PORT: String(trainingPort),
        OC_AUTH_EMAIL: credentials.email,
        OC_AUTH_PASSWORD: credentials.password,
      },
    });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.on('exit', () => log.end());
    const platform = new PlatformProcess(child, folder, `http://127.0.0.1:${port}`, credentials);
    try {
      await readyOrEnded(child, folder, signal);
    } catch (error) {
      await platform.stop();
      if (!(error instanceof PlatformEndedError)) {
        await platform.removeFolder(); // nobody has to look for what went wrong
      }
      throw error;
    }
    return platform;
  }

  /** Asks it to stop and waits; after half a minute it is ended. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) {
      return;
    }
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const killer = setTimeout(() => this.child.kill('SIGKILL'), STOP_GRACE_MS);
    await ended;
    clearTimeout(killer);
  }

  removeFolder(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export class PlatformEndedError extends Error {
  constructor(
    /** Holds its log. */
    readonly folder: string,
    /** Its last words. */
    readonly said: string,
  ) {
    super(`The platform ended before it was ready: ${said}`);
  }
}

/** The compiled supervisor; the same place from `src` and from `dist`. */
function program(): string {
  return fileURLToPath(new URL('../../standalone/dist/main.js', import.meta.url));
}

async function readyOrEnded(child: ChildProcess, folder: string, signal: AbortSignal): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1000)));
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new PlatformEndedError(folder, said.trim());
  });
  ended.catch(() => {}); // it may end long after it was ready
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: { type?: string }) => {
      if (message.type === 'ready') {
        resolve();
      }
    });
  });
  await Promise.race([ready, ended]);
}

/** Ports that nobody listens on now. All are held until all are known, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
