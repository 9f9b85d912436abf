import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Clock } from '@repo/kernel';
import { S3Server } from '@repo/servers';
import { Client } from 'minio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bucket } from '../object-store.js';
import { objectStoreSuite } from '../testing/index.js';
import { S3ObjectStore } from './s3-object-store.js';

Logger.overrideLogger(false);

const buckets: readonly Bucket[] = ['original', 'processed', 'models', 'temp'];

async function keysOf(store: S3ObjectStore, bucket: Bucket, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(bucket, prefix)) {
    keys.push(key);
  }
  return keys;
}

async function emptied(store: S3ObjectStore): Promise<S3ObjectStore> {
  for (const bucket of buckets) {
    await Promise.all((await keysOf(store, bucket)).map((key) => store.remove(bucket, key)));
  }
  return store;
}

// CI's MinIO, or any other server whose objects nobody misses.
const otherUrl = process.env['TEST_S3_URL'];
describe.skipIf(!otherUrl)('S3ObjectStore on the server of TEST_S3_URL', () => {
  const store = otherUrl ? new S3ObjectStore({ url: otherUrl }) : undefined;
  objectStoreSuite('TEST_S3_URL', () => emptied(store!));
  it('makes buckets that nobody else can read', () => expectPrivate(store!, otherUrl!));
});

/** Neither the objects nor their list are for those who did not sign. */
async function expectPrivate(store: S3ObjectStore, url: string): Promise<void> {
  const { origin } = new URL(url);
  for (const bucket of buckets) {
    await store.put(bucket, 'private/a.jpg', Buffer.from('a'), 'image/jpeg');
    for (const path of [`${bucket}/private/a.jpg`, `${bucket}/private/none.jpg`, `${bucket}/`, `${bucket}?list-type=2`]) {
      expect([path, (await fetch(`${origin}/${path}`)).status]).toEqual([path, 403]);
    }
    await store.remove(bucket, 'private/a.jpg');
  }
}

describe.skipIf(!S3Server.isInstalled())('S3ObjectStore on Ceph', () => {
  let server: S3Server;
  let store: S3ObjectStore;
  /** The bare driver, for what a stranger or an operator does. */
  let driver: Client;
  beforeAll(async () => {
    server = await S3Server.start();
    store = new S3ObjectStore({ url: server.url });
    const { port, username: accessKey, password: secretKey } = new URL(server.url);
    driver = new Client({ endPoint: '127.0.0.1', port: Number(port), useSSL: false, accessKey, secretKey, region: 'us-east-1' });
  });
  afterAll(() => server?.stop());

  describe('at the start', () => {
    it('makes the buckets that are missing, however many processes start at once', async () => {
      expect(await driver.listBuckets()).toEqual([]);
      await Promise.all(Array.from({ length: 6 }, () => new S3ObjectStore({ url: server.url }).prepare()));
      expect((await driver.listBuckets()).map(({ name }) => name).sort()).toEqual([...buckets].sort());
    });

    it('makes them private', () => expectPrivate(store, server.url));

    it('takes away what made one public, and nothing else', async () => {
      await store.prepare();
      const statement = (principal: string, bucket: Bucket) => ({ Effect: 'Allow', Principal: { AWS: [principal] }, Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/*`] });
      const policy = (principal: string, bucket: Bucket) => JSON.stringify({ Version: '2012-10-17', Statement: [statement(principal, bucket)] });
      await driver.setBucketPolicy('original', policy('*', 'original'));
      await driver.setBucketPolicy('models', policy('arn:aws:iam:::user/test', 'models'));
      await driver.makeRequestAsyncOmit({ method: 'PUT', bucketName: 'processed', query: 'acl', headers: { 'x-amz-acl': 'public-read' } });
      await store.put('original', 'public.jpg', Buffer.from('a'), 'image/jpeg');
      expect((await fetch(`http://127.0.0.1:${server.port}/original/public.jpg`)).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${server.port}/processed`)).status).toBe(200);

      const restarted = new S3ObjectStore({ url: server.url });
      await restarted.prepare();
      await expectPrivate(restarted, server.url);
      expect(await driver.getBucketPolicy('models')).toContain('user/test');
    });

    it('has the server remove what lies in temp for a day', async () => {
      await store.prepare();
      expect(await driver.getBucketLifecycle('temp')).toMatchObject({ Rule: { Status: 'Enabled', Expiration: { Days: 1 } } });
    });
  });

  objectStoreSuite('Ceph', () => emptied(store));

  it('lists thousands of objects, a page at a time', async () => {
    await emptied(store);
    const keys = Array.from({ length: 2_300 }, (_, index) => `item/${createHash('md5').update(String(index)).digest('hex')}.jpg`).sort();
    for (let start = 0; start < keys.length; start += 50) {
      await Promise.all(keys.slice(start, start + 50).map((key) => driver.putObject('processed', key, 'x')));
    }
    expect(await keysOf(store, 'processed')).toEqual(keys);
  });

  it('passes over objects of others, and hands out none of them', async () => {
    await emptied(store);
    await driver.putObject('original', 'item/férias na praia.jpg', 'a');
    await driver.putObject('original', 'item/foreign.jpg', 'a');
    expect(await keysOf(store, 'original')).toEqual(['item/foreign.jpg']);
    await expect(store.get('original', 'item/foreign.jpg')).rejects.toThrow('no whole object');
    await expect(store.head('original', 'item/foreign.jpg')).rejects.toThrow('no whole object');
    await driver.removeObject('original', 'item/férias na praia.jpg');
  });

  it('keeps the checksum and the type with the object', async () => {
    await store.put('original', 'a.png', Buffer.from('a'), 'image/png');
    const { metaData } = await driver.statObject('original', 'a.png');
    expect(metaData).toMatchObject({ 'content-type': 'image/png', sha256: createHash('sha256').update('a').digest('hex') });
  });

  it.each([
    [23.9, 1],
    [24.1, 0],
  ])('leaves in temp after %f hours of an object and a sweep: %i', async (hours, left) => {
    await emptied(store);
    await store.put('temp', 'a.jpg', Buffer.from('a'), 'image/jpeg');
    await store.put('original', 'a.jpg', Buffer.from('a'), 'image/jpeg');
    const later: Clock = { now: () => new Date(Date.now() + hours * 3_600_000) };
    await new S3ObjectStore({ url: server.url, clock: later }).sweep();
    expect((await keysOf(store, 'temp')).length).toBe(left);
    expect(await keysOf(store, 'original')).toEqual(['a.jpg']);
  });

  describe('links', () => {
    const at = (time: number) => new S3ObjectStore({ url: server.url, clock: { now: () => new Date(time) } });
    const minutes = 60_000;
    beforeAll(async () => {
      await store.put('original', 'item/a.jpg', Buffer.from('a photo'), 'image/jpeg');
      await store.put('original', 'item/b.jpg', Buffer.from('another'), 'image/jpeg');
    });

    it('show the object to whoever has one, for 3,600 seconds', async () => {
      const link = await store.signedUrl('original', 'item/a.jpg');
      expect(new URL(link).searchParams.get('X-Amz-Expires')).toBe('3600');
      const answer = await fetch(link);
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'image/jpeg', 'a photo']);
    });

    it('are the same within a quarter of an hour, and new in the next', async () => {
      const quarter = Date.UTC(2026, 4, 1, 12, 15);
      const links = await Promise.all([0, 1, 7 * minutes, 15 * minutes - 1].map((later) => at(quarter + later).signedUrl('original', 'item/a.jpg')));
      expect(new Set(links).size).toBe(1);
      expect(new URL(links[0]!).searchParams.get('X-Amz-Date')).toBe('20260501T121500Z');
      expect(await at(quarter + 15 * minutes).signedUrl('original', 'item/a.jpg')).not.toBe(links[0]);
    });

    it('work for at least three quarters of the time they were asked for, however short', async () => {
      for (const expiresInS of [4, 60, 3_600, 86_400]) {
        const now = Date.now();
        const { searchParams } = new URL(await at(now).signedUrl('original', 'item/a.jpg', expiresInS));
        const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(searchParams.get('X-Amz-Date')!)!.map(Number) as [number, number, number, number, number, number, number];
        const ageS = (now - Date.UTC(year, month - 1, day, hour, minute, second)) / 1_000;
        expect(ageS).toBeGreaterThanOrEqual(0);
        expect(ageS).toBeLessThanOrEqual(expiresInS / 4 + 1);
      }
    });

    // The date of signing lies in the past, so that nobody has to wait for the end.
    it.each([
      [3_597, 200],
      [3_601, 403],
    ])('that were signed %i seconds ago answer %i', async (ageS, status) => {
      const link = await driver.presignedUrl('GET', 'original', 'item/a.jpg', 3_600, {}, new Date(Date.now() - ageS * 1_000));
      expect((await fetch(link)).status).toBe(status);
    });

    it('end by the date they carry', async () => {
      expect((await fetch(await at(Date.now() - 44 * minutes).signedUrl('original', 'item/a.jpg'))).status).toBe(200);
      expect((await fetch(await at(Date.now() - 60 * minutes).signedUrl('original', 'item/a.jpg'))).status).toBe(403);
    });

    it.each<[string, (link: URL) => void, RequestInit?]>([
      ['another key', (link) => (link.pathname = '/original/item/b.jpg')],
      ['another bucket', (link) => (link.pathname = '/processed/item/a.jpg')],
      ['another host', (link) => (link.hostname = 'localhost')],
      ['a longer life', (link) => link.searchParams.set('X-Amz-Expires', '7200')],
      ['a later date', (link) => link.searchParams.set('X-Amz-Date', '20991231T000000Z')],
      ['no signature', (link) => (link.search = '')],
      ['DELETE', () => {}, { method: 'DELETE' }],
      ['PUT', () => {}, { method: 'PUT', body: 'x' }],
      ['HEAD', () => {}, { method: 'HEAD' }],
    ])('are refused with %s', async (_, change, init) => {
      const link = new URL(await store.signedUrl('original', 'item/a.jpg'));
      change(link);
      expect((await fetch(link, init)).status).toBe(403);
      expect((await store.get('original', 'item/a.jpg'))?.toString()).toBe('a photo');
    });

    it('lead to the public host, and to no other', async () => {
      const publicUrl = `http://localhost:${server.port}`;
      const link = await new S3ObjectStore({ url: server.url, publicUrl }).signedUrl('original', 'item/a.jpg');
      expect(new URL(link).origin).toBe(publicUrl);
      expect((await fetch(link)).status).toBe(200);
      expect((await fetch(link.replace('localhost', '127.0.0.1'))).status).toBe(403);
    });
  });
});
