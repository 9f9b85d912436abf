import { FaultProxy, S3Server } from '@repo/servers';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnderTest, type Person } from './backend-under-test.js';

describe.skipIf(!S3Server.isInstalled())('a backend whose object store goes away', () => {
  let server: S3Server;
  let line: FaultProxy;
  let backend: BackendUnderTest;
  let ana: Person;
  let photo: Buffer;

  beforeAll(async () => {
    server = await S3Server.start();
    line = await FaultProxy.to(server.port);
    backend = await BackendUnderTest.start({ OBJECTS_URL: line.through(server.url), OBJECTS_PUBLIC_URL: `http://127.0.0.1:${server.port}` });
    ana = await backend.person('ana');
    photo = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#a04030' } }).jpeg().toBuffer();
    await backend.createItem(ana, [photo]).expect(201);
  }, 120_000);
  afterAll(async () => {
    await backend?.stop();
    await line?.stop();
    await server?.stop();
  });

  const upload = () => backend.createItem(ana, [photo]);
  const classify = () => backend.call('post', '/api/Classificar', ana).attach('foto', photo, 'a.jpg');
  const items = () => backend.call('get', '/api/Items', ana);

  it('keeps photos on the server, and answers with links that lead there', async () => {
    const { body } = await items().expect(200);
    expect(new URL(body[0].fotos[0]).port).toBe(String(server.port));
    expect((await fetch(body[0].fotos[0])).headers.get('content-type')).toBe('image/jpeg');
  });

  it('refuses uploads and classifications within a second, and lists items with their links as before', async () => {
    line.faults = { refuse: true };
    line.cut();
    await Promise.all(Array.from({ length: 5 }, upload)); // those that find out
    for (const send of [upload, classify]) {
      const start = Date.now();
      const answer = await send();
      expect([answer.status, answer.body.code]).toEqual([503, 'TEMPORARILY_UNAVAILABLE']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(Date.now() - start).toBeLessThan(1_500); // the photo is decoded first
    }
    const { body } = await items().expect(200);
    expect(body).toHaveLength(1);
    expect((await fetch(body[0].fotos[0])).status).toBe(200);
    await backend.call('get', '/api/health/ready').expect(503);
  });

  it('takes uploads again as soon as the store is back, and has kept nothing of the refused ones', async () => {
    line.faults = {};
    await expect.poll(async () => (await upload()).status, { timeout: 10_000 }).toBe(201);
    expect((await items()).body).toHaveLength(2);
    expect(await backend.keys('original')).toHaveLength(2);
    await expect.poll(async () => (await backend.call('get', '/api/health/ready')).status, { timeout: 10_000 }).toBe(200);
  });
});
