import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AccessDeniedError, seededRandom, TemporaryError } from '@repo/kernel';
import { S3Server } from '@repo/servers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ObjectDamagedError } from '../errors.js';
import { onFirst, onShare, S3FaultProxy, type Fate, type Mishap } from '../testing/index.js';
import { S3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.js';

Logger.overrideLogger(false);

// The deadlines of production, ten times shorter.
const timeoutMs = 1_000;
const key = 'item/a.jpg';
const body = randomBytes(100_000);
const base64 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
const otherChecksum = base64(Buffer.from('something else'));

describe.skipIf(!S3Server.isInstalled())('S3ObjectStore behind a line that breaks', () => {
  let server: S3Server;
  let proxy: S3FaultProxy;
  /** Not through the proxy: to see what is really kept. */
  let direct: S3ObjectStore;
  let store: S3ObjectStore;
  const openStore = async (options: Partial<S3ObjectStoreOptions> = {}) => {
    const opened = new S3ObjectStore({ url: proxy.through(server.url), timeoutMs, ...options });
    await opened.prepare();
    return opened;
  };

  beforeAll(async () => {
    server = await S3Server.start();
    proxy = await S3FaultProxy.to(server.port);
    direct = new S3ObjectStore({ url: server.url });
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    proxy.fate = () => undefined;
    store = await openStore();
    await direct.remove('original', key);
    proxy.requests.length = 0;
  });

  const put = (bytes = body) => store.put('original', key, bytes, 'image/jpeg');
  const count = (method: string) => proxy.requests.filter((request) => request.method === method).length;
  const onMethod = (method: string, mishap: Mishap): Fate => (request) => (request.method === method ? mishap : undefined);

  describe('a server that hangs', () => {
    it('costs the time-out, once, and none of the ten connections', async () => {
      await direct.put('original', 'item/there.jpg', body, 'image/jpeg');
      const before = proxy.connections;
      proxy.fate = onFirst(10, { kind: 'hang' }, 'PUT');
      const start = Date.now();
      const puts = Array.from({ length: 10 }, (_, index) => store.put('original', `item/${index}.jpg`, body, 'image/jpeg'));
      const gets = Array.from({ length: 10 }, () => store.get('original', 'item/there.jpg'));
      await sleep(timeoutMs / 2);
      expect(proxy.connections - before).toBeLessThanOrEqual(10);
      await Promise.all([...puts, ...gets]);
      expect(Date.now() - start).toBeGreaterThan(timeoutMs - 50);
      expect(Date.now() - start).toBeLessThan(2.5 * timeoutMs);
      expect((await direct.get('original', 'item/9.jpg'))?.equals(body)).toBe(true);
    });

    it('is given up within the deadline, its connections closed', async () => {
      const before = proxy.connections;
      proxy.fate = onMethod('PUT', { kind: 'hang' });
      const start = Date.now();
      await expect(put()).rejects.toThrow(TemporaryError);
      expect(Date.now() - start).toBeLessThan(3 * timeoutMs + 200);
      await expect.poll(() => proxy.connections).toBeLessThanOrEqual(before);
    });

    it('in the middle of an answer is given up too', async () => {
      await direct.put('original', key, body, 'image/jpeg');
      proxy.fate = onFirst(1, { kind: 'stall-answer', afterBytes: 50_000 }, 'GET');
      expect((await store.get('original', key))?.equals(body)).toBe(true);
      expect(count('GET')).toBe(2);
    });
  });

  describe('503 SlowDown', () => {
    const slowDown: Mishap = { kind: 'answer', status: 503, code: 'SlowDown' };

    it('on 30 % of all requests: everything gets done, with no more requests than the budget has', async () => {
      proxy.fate = onShare(0.3, 7, slowDown);
      const keys = Array.from({ length: 150 }, (_, index) => `item/${index}.jpg`);
      const small = randomBytes(1_000);
      for (let start = 0; start < keys.length; start += 10) {
        await Promise.all(keys.slice(start, start + 10).map((name) => store.put('original', name, small, 'image/jpeg')));
      }
      expect(proxy.requests.length).toBeGreaterThan(keys.length * 1.2);
      expect(proxy.requests.length).toBeLessThanOrEqual(keys.length * 1.2 + 100);
      for (const name of keys) {
        expect((await direct.get('original', name))?.equals(small), name).toBe(true);
      }
    });

    it('on all of them costs a fifth more requests in the long run', async () => {
      const hurried = await openStore({ timeoutMs: 100, deadlineMs: 300 });
      proxy.requests.length = 0;
      proxy.fate = () => slowDown;
      for (let asked = 0; asked < 400; asked += 10) {
        const results = await Promise.allSettled(Array.from({ length: 10 }, () => hurried.get('original', key)));
        expect(results.every((result) => result.status === 'rejected' && result.reason instanceof TemporaryError)).toBe(true);
      }
      expect(proxy.requests.length).toBeGreaterThan(400 * 1.2);
      expect(proxy.requests.length).toBeLessThanOrEqual(400 * 1.2 + 100);
    });
  });

  describe('bytes that change on their way', () => {
    const positions = [0, 1, ...Array.from({ length: 6 }, (_, index) => Math.floor(seededRandom(index)() * body.length)), body.length - 1];
    let hasty: S3ObjectStore;
    beforeEach(async () => {
      hasty = await openStore({ deadlineMs: 1.2 * timeoutMs });
      proxy.requests.length = 0;
    });

    it.each<[string, Mishap]>([
      ['cut', { kind: 'cut-answer', afterBytes: 5_000 }],
      ['altered', { kind: 'alter-answer' }],
    ])('an answer that is %s once is fetched again', async (_, mishap) => {
      await direct.put('original', key, body, 'image/jpeg');
      proxy.fate = onFirst(1, mishap, 'GET');
      expect((await store.get('original', key))?.equals(body)).toBe(true);
      expect(count('GET')).toBe(2);
    });

    it('an answer that comes altered each time is never handed out', async () => {
      await direct.put('original', key, body, 'image/jpeg');
      proxy.fate = onMethod('GET', { kind: 'alter-answer' });
      await expect(store.get('original', key)).rejects.toThrow(TemporaryError);
      expect(count('GET')).toBe(2);
    });

    it.each(positions)('an answer that is cut after %i bytes each time is never handed out', async (afterBytes) => {
      await direct.put('original', key, body, 'image/jpeg');
      proxy.fate = onMethod('GET', { kind: 'cut-answer', afterBytes });
      await expect(hasty.get('original', key)).rejects.toThrow(TemporaryError);
    });

    it.each<[string, Mishap]>([
      ['cut', { kind: 'cut-request', afterBytes: 5_000 }],
      ['altered', { kind: 'alter-request' }],
    ])('a request that is %s once is sent again', async (_, mishap) => {
      proxy.fate = onFirst(1, mishap, 'PUT');
      await put();
      expect((await direct.get('original', key))?.equals(body)).toBe(true);
      expect(count('PUT')).toBe(2);
    });

    it('a request that goes out altered each time stores nothing', async () => {
      proxy.fate = onMethod('PUT', { kind: 'alter-request' });
      await expect(hasty.put('original', key, body, 'image/jpeg')).rejects.toThrow(TemporaryError);
      expect(await direct.get('original', key)).toBeUndefined();
    });

    it.each(positions)('a request that is cut after %i bytes each time stores nothing, and leaves what was there', async (afterBytes) => {
      const before = Buffer.from('what was there before');
      await direct.put('original', key, before, 'image/jpeg');
      proxy.fate = onMethod('PUT', { kind: 'cut-request', afterBytes });
      await expect(hasty.put('original', key, body, 'image/jpeg')).rejects.toThrow(TemporaryError);
      expect((await direct.get('original', key))?.equals(before)).toBe(true);
    });
  });

  describe('a server that lies', () => {
    const wrongEtag = '"00000000000000000000000000000000"';

    it('with a wrong ETag and a right checksum is believed', async () => {
      proxy.fate = onMethod('PUT', { kind: 'lie', headers: { etag: wrongEtag, 'x-amz-checksum-sha256': base64(body) } });
      expect(await put()).toMatchObject({ sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length });
      expect(proxy.requests.map(({ method }) => method)).toEqual(['PUT']);
    });

    it('with a wrong ETag and no checksum has to give the object back', async () => {
      proxy.fate = onMethod('PUT', { kind: 'lie', headers: { etag: wrongEtag } });
      await put();
      expect(proxy.requests.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    });

    it('with an ETag of another kind has to give the object back', async () => {
      proxy.fate = onMethod('PUT', { kind: 'lie', headers: { etag: '"some-opaque-text-1"' } });
      expect(await put()).toMatchObject({ etag: 'some-opaque-text-1' });
      expect(count('GET')).toBe(1);
    });

    it('with a right ETag and a wrong checksum is refused: the object goes and is sent once more', async () => {
      proxy.fate = onMethod('PUT', { kind: 'lie', headers: { 'x-amz-checksum-sha256': otherChecksum } });
      await expect(put()).rejects.toThrow(ObjectDamagedError);
      expect(proxy.requests.map(({ method }) => method)).toEqual(['PUT', 'DELETE', 'PUT', 'DELETE']);
      expect(await direct.get('original', key)).toBeUndefined();
    });

    it('once, and keeps the object the second time, is forgiven', async () => {
      proxy.fate = onFirst(1, { kind: 'lie', headers: { 'x-amz-checksum-sha256': otherChecksum } }, 'PUT');
      await put();
      expect((await direct.get('original', key))?.equals(body)).toBe(true);
    });

    it('and gives something else back than was put is refused', async () => {
      proxy.fate = ({ method }) => (method === 'PUT' ? { kind: 'lie', headers: { etag: wrongEtag } } : method === 'GET' ? { kind: 'alter-answer' } : undefined);
      await expect(put()).rejects.toThrow(ObjectDamagedError);
      expect(count('DELETE')).toBe(2);
      expect(await direct.get('original', key)).toBeUndefined();
    });
  });

  describe('a server that denies us', () => {
    const denial: Mishap = { kind: 'answer', status: 403, code: 'AccessDenied' };

    it('once is asked once more', async () => {
      proxy.fate = onFirst(1, denial);
      await put();
      expect(count('PUT')).toBe(2);
    });

    it('twice is not asked again', async () => {
      proxy.fate = () => denial;
      await expect(put()).rejects.toThrow(AccessDeniedError);
      expect(count('PUT')).toBe(2);
    });

    it.each<[string, (asked: S3ObjectStore) => Promise<unknown>]>([
      ['get', (asked) => asked.get('original', key)],
      ['head', (asked) => asked.head('original', key)],
      ['remove', (asked) => asked.remove('original', key)],
      ['list', async (asked) => (asked.list('original', '') as AsyncGenerator).next()],
    ])('says so to %s', async (_, ask) => {
      proxy.fate = () => denial;
      await expect(ask(store)).rejects.toThrow(AccessDeniedError);
    });

    it('is shown the credentials of the file as they are by then', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
      const credentialsFile = join(folder, 'file');
      const { username, password } = new URL(server.url);
      await writeFile(credentialsFile, `${username}:an-old-secret\n`);
      // Somebody writes the new secret into the file while the old one is under way.
      proxy.fate = () => void writeFileSync(credentialsFile, `${username}:${password}\n`);
      const opened = await openStore({ credentialsFile });
      await opened.put('original', key, body, 'image/jpeg');
      expect((await fetch(await opened.signedUrl('original', key))).status).toBe(200);
      await rm(folder, { recursive: true });
    });

    it('for good, with the wrong secret', async () => {
      const wrong = new URL(server.url);
      wrong.password = 'wrong';
      await expect(new S3ObjectStore({ url: wrong.href }).put('original', key, body, 'image/jpeg')).rejects.toThrow(AccessDeniedError);
    });
  });

  it.each<[string, Mishap, number]>([
    ['a reset connection', { kind: 'reset' }, 2],
    ['500', { kind: 'answer', status: 500, code: 'InternalError' }, 2],
    ['429', { kind: 'answer', status: 429, code: 'TooManyRequests' }, 2],
    ['a delay', { kind: 'delay', ms: 100 }, 1],
  ])('gets over %s', async (_, mishap, requests) => {
    proxy.fate = onFirst(1, mishap);
    await put();
    expect(count('PUT')).toBe(requests);
  });

  it('takes it calmly when another process made a bucket a moment before', async () => {
    const isBucket = (path: string) => path === '/original';
    let asked = 0;
    proxy.fate = ({ method, path }) => {
      if (method === 'HEAD' && isBucket(path) && asked++ === 0) {
        return { kind: 'answer', status: 404, code: '' };
      }
      return method === 'PUT' && isBucket(path) ? { kind: 'answer', status: 409, code: 'BucketAlreadyOwnedByYou' } : undefined;
    };
    await openStore();
    expect(count('PUT')).toBe(1);
  });

  it('asks for the next page of a list only when somebody wants it', async () => {
    for (let start = 0; start < 1_100; start += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => direct.put('models', `many/${start + index}.bin`, Buffer.from('x'), 'text/plain')));
    }
    proxy.requests.length = 0;
    let seen = 0;
    for await (const _ of store.list('models', 'many/')) {
      if (++seen === 1_000) {
        expect(proxy.requests).toHaveLength(1);
      }
    }
    expect([seen, proxy.requests.length]).toEqual([1_100, 2]);
  });

  describe('a server that is down', () => {
    it.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
      ['refuses connections', () => server.kill(), () => server.startAgain()],
      ['takes them and hangs', () => server.pause(), () => server.resume()],
    ])('and %s: calls fail within a second, links are still made, and all is well when it is back', async (_, goDown, comeBack) => {
      await direct.put('original', key, body, 'image/jpeg');
      await goDown();
      await Promise.allSettled(Array.from({ length: 6 }, () => put()));
      for (let call = 0; call < 3; call++) {
        const start = Date.now();
        await expect(put()).rejects.toThrow(TemporaryError);
        await expect(store.get('original', key)).rejects.toThrow(TemporaryError);
        expect(Date.now() - start).toBeLessThan(2 * 1_050);
        expect(await store.signedUrl('original', key)).toContain(key);
      }
      await comeBack();
      await expect.poll(() => store.get('original', key).catch(() => undefined), { timeout: 10_000 }).toEqual(body);
    });

    it('at our start is prepared when it comes', async () => {
      await server.kill();
      const early = new S3ObjectStore({ url: server.url, timeoutMs });
      await expect(early.prepare()).rejects.toThrow(TemporaryError);
      expect(await early.signedUrl('original', key)).toContain(key);
      await server.startAgain();
      await expect.poll(() => early.roundTrip(5_000).then(() => 'works', () => 'not yet'), { timeout: 10_000 }).toBe('works');
    });
  });
});
