import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FaultProxy, PostgresServer, RedisServer } from '@repo/servers';
import type { BackendConfig } from './backend-config.js';
import { BackendUnderTest, migrated } from './backend-under-test.js';
import { collectionTables, learningTables } from './databases.module.js';

/** Two backends as one platform: on one real PostgreSQL, with one folder of objects and, where asked, one real Redis. */
export class BackendsOnServers {
  private constructor(
    private readonly folder: string,
    readonly postgres: PostgresServer,
    /** What leads to the collection database passes here. */
    readonly proxy: FaultProxy,
    private readonly maybeRedis: RedisServer | undefined,
    readonly backends: readonly [BackendUnderTest, BackendUnderTest],
  ) {}

  static async start({ redis, settings = {} }: { redis: boolean; settings?: Partial<Record<keyof BackendConfig, string>> }): Promise<BackendsOnServers> {
    const [folder, postgres, cache] = await Promise.all([mkdtemp(path.join(tmpdir(), 'backends-')), PostgresServer.start(), redis ? RedisServer.start() : undefined]);
    const proxy = await FaultProxy.to(postgres.port);
    const learning = await migrated(await postgres.createDatabase('learning'), learningTables);
    const collection = await migrated(await postgres.createDatabase('collection'), collectionTables);
    const shared = {
      COLLECTION_DATABASE_URL: proxy.through(collection),
      LEARNING_DATABASE_URL: learning,
      MESSAGES_URL: learning,
      OC_OBJECTS_DIR: path.join(folder, 'objects'),
      OC_PUBLIC_URL: 'http://photos.example',
      ...(cache && { CACHE_URL: cache.url }),
      ...settings,
    };
    const backends = [await BackendUnderTest.start(shared), await BackendUnderTest.start(shared)] as const;
    return new BackendsOnServers(folder, postgres, proxy, cache, backends);
  }

  get redis(): RedisServer {
    if (!this.maybeRedis) {
      throw new Error('This test did not ask for a Redis');
    }
    return this.maybeRedis;
  }

  async stop(): Promise<void> {
    this.proxy.faults = {};
    await Promise.all(this.backends.map((backend) => backend.stop()));
    await this.proxy.stop();
    await Promise.all([this.postgres.stop(), this.maybeRedis?.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }
}
