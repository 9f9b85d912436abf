import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PostgresServer, RabbitServer, RedisServer, S3Server } from '@repo/servers';

/** Which parts the platform is to stand on; PostgreSQL holds both databases in any case. */
export interface ServerChoice {
  messages: 'rabbit' | 'postgres';
  objects: 's3' | 'disk';
  cache: 'redis' | 'memory';
}

/** The real servers, unless the environment says otherwise: `CHAOS_MESSAGES=postgres CHAOS_OBJECTS=disk CHAOS_CACHE=memory`. */
export const serverChoice: ServerChoice = {
  messages: choose('CHAOS_MESSAGES', ['rabbit', 'postgres']),
  objects: choose('CHAOS_OBJECTS', ['s3', 'disk']),
  cache: choose('CHAOS_CACHE', ['redis', 'memory']),
};

function choose<T extends string>(variable: string, choices: readonly [T, ...T[]]): T {
  const given = process.env[variable] ?? choices[0];
  const choice = choices.find((one) => one === given);
  if (!choice) {
    throw new RangeError(`${variable} must be one of ${choices.join(', ')}, got "${given}"`);
  }
  return choice;
}

/** The servers of the choice that are not installed here: a suite that needs them leaves itself out and names them. */
export function missingServers({ messages, objects, cache }: ServerChoice = serverChoice): string[] {
  return [
    ...(PostgresServer.isInstalled() ? [] : ['PostgreSQL']),
    ...(messages === 'postgres' || RabbitServer.isInstalled() ? [] : ['RabbitMQ']),
    ...(objects === 'disk' || S3Server.isInstalled() ? [] : ['Ceph']),
    ...(cache === 'memory' || RedisServer.isInstalled() ? [] : ['Redis']),
  ];
}

/** A suite's name; says what is missing where it is left out. */
export function titled(title: string): string {
  const missing = missingServers();
  return missing.length > 0 ? `${title} (left out: ${missing.join(', ')} not installed)` : title;
}

/** One set of real servers with empty databases, in a folder of its own. */
export class ServersUnderTest {
  private constructor(
    /** Objects on the disk, logs of the services, model caches. */
    readonly folder: string,
    readonly postgres: PostgresServer,
    private readonly maybeRabbit: RabbitServer | undefined,
    private readonly maybeS3: S3Server | undefined,
    private readonly maybeRedis: RedisServer | undefined,
  ) {}

  static async start({ messages, objects, cache }: ServerChoice = serverChoice): Promise<ServersUnderTest> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ocolecionador-reliability-'));
    await mkdir(path.join(folder, 'logs'));
    const [postgres, rabbit, s3, redis] = await Promise.all([
      PostgresServer.start(),
      messages === 'rabbit' ? RabbitServer.start() : undefined,
      objects === 's3' ? S3Server.start() : undefined,
      cache === 'redis' ? RedisServer.start() : undefined,
    ]);
    await postgres.createDatabase('collection');
    await postgres.createDatabase('learning');
    return new ServersUnderTest(folder, postgres, rabbit, s3, redis);
  }

  get rabbit(): RabbitServer {
    return present('RabbitMQ', this.maybeRabbit);
  }

  get s3(): S3Server {
    return present('Ceph', this.maybeS3);
  }

  get redis(): RedisServer {
    return present('Redis', this.maybeRedis);
  }

  /** Where objects lie when there is no S3 server. */
  get objectsFolder(): string {
    return path.join(this.folder, 'objects');
  }

  get objectsUrl(): string | undefined {
    return this.maybeS3?.url;
  }

  get messagesUrl(): string {
    return this.maybeRabbit?.url ?? this.postgres.urlOf('learning');
  }

  /** What a service needs to know of them. */
  get environment(): NodeJS.ProcessEnv {
    return {
      OC_DATA_DIR: this.folder,
      OC_OBJECTS_DIR: this.objectsFolder,
      COLLECTION_DATABASE_URL: this.postgres.urlOf('collection'),
      LEARNING_DATABASE_URL: this.postgres.urlOf('learning'),
      MESSAGES_URL: this.messagesUrl,
      ...(this.maybeS3 ? { OBJECTS_URL: this.maybeS3.url } : {}),
      ...(this.maybeRedis ? { CACHE_URL: this.maybeRedis.url } : {}),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.postgres, this.maybeRabbit, this.maybeS3, this.maybeRedis].map((server) => server?.stop()));
    if (process.env['CHAOS_KEEP'] === undefined) {
      await rm(this.folder, { recursive: true, force: true });
    } else {
      console.log(`kept, logs of the services included: ${this.folder}`);
    }
  }
}

function present<T>(name: string, server: T | undefined): T {
  if (server === undefined) {
    throw new Error(`This test needs ${name}, but the environment chose another part`);
  }
  return server;
}
