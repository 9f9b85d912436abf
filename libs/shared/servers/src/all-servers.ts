import { PostgresServer } from './postgres-server.js';
import { RabbitServer } from './rabbit-server.js';
import { RedisServer } from './redis-server.js';
import { S3Server } from './s3-server.js';
import type { TestServer } from './server-process.js';

const kinds = { RabbitMQ: RabbitServer, 'PostgreSQL 15': PostgresServer, Redis: RedisServer, "Ceph's S3": S3Server };

/** The servers that this machine has, and those that it lacks, by name. */
export function installedServers(): { installed: string[]; missing: string[] } {
  const names = Object.entries(kinds);
  return {
    installed: names.flatMap(([name, kind]) => (kind.isInstalled() ? name : [])),
    missing: names.flatMap(([name, kind]) => (kind.isInstalled() ? [] : name)),
  };
}

/** One of each, with the two empty databases: what a platform stands on that embeds nothing. */
export class AllServers {
  private constructor(
    readonly rabbit: RabbitServer,
    readonly postgres: PostgresServer,
    readonly redis: RedisServer,
    readonly s3: S3Server,
  ) {}

  static async start(): Promise<AllServers> {
    const [rabbit, postgres, redis, s3] = await Promise.all([RabbitServer.start(), PostgresServer.start(), RedisServer.start(), S3Server.start()]);
    await postgres.createDatabase('collection');
    await postgres.createDatabase('learning');
    return new AllServers(rabbit, postgres, redis, s3);
  }

  /** The variables that name them, as in `.env`. */
  get environment(): Record<string, string> {
    return {
      COLLECTION_DATABASE_URL: this.postgres.urlOf('collection'),
      LEARNING_DATABASE_URL: this.postgres.urlOf('learning'),
      MESSAGES_URL: this.rabbit.url,
      OBJECTS_URL: this.s3.url,
      CACHE_URL: this.redis.url,
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.rabbit, this.postgres, this.redis, this.s3].map((server: TestServer) => server.stop()));
  }
}
