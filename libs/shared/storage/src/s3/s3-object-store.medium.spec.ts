import { Logger } from '@nestjs/common';
import { S3Server } from '@repo/servers';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Bucket } from '../object-store.js';
import { objectStoreSuite } from '../testing/index.js';
import { S3ObjectStore } from './s3-object-store.js';

Logger.overrideLogger(false);

const buckets: readonly Bucket[] = ['original', 'processed', 'models', 'temp'];

async function emptied(store: S3ObjectStore): Promise<S3ObjectStore> {
  for (const bucket of buckets) {
    for await (const { key } of store.list(bucket, '')) {
      await store.remove(bucket, key);
    }
  }
  return store;
}

describe.skipIf(!S3Server.isInstalled())('S3ObjectStore on Ceph', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await S3Server.start();
  });
  afterAll(() => server?.stop());

  objectStoreSuite('Ceph', () => emptied(new S3ObjectStore({ url: server.url })));
});
