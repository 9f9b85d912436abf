import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catch, Module, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { DomainError } from '@repo/kernel';
import type { Response } from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectStore } from '../object-store.js';
import { DiskStorageModule } from './disk-storage.module.js';

const linkSecret = 'a secret of thirty-two characters';
const photo = Buffer.from('\xFF\xD8 the bytes of a photo, all sixty of them, and not one more \xFF\xD9', 'latin1');

@Catch(DomainError)
class CodeFilter implements ExceptionFilter {
  catch(error: DomainError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(418).json({ code: error.code });
  }
}

let folder: string;
let app: NestExpressApplication;
let store: ObjectStore;
let path: string;
const get = (url: string) => request(app.getHttpServer()).get(url);
const pathOf = (link: string) => link.slice('http://127.0.0.1:5000'.length);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objects-'));
  @Module({ imports: [DiskStorageModule.forRoot({ folder, publicUrl: 'http://127.0.0.1:5000', linkSecret, servesLinks: true })] })
  class App {}
  const module = await Test.createTestingModule({ imports: [App] }).compile();
  app = module.createNestApplication<NestExpressApplication>();
  app.useGlobalFilters(new CodeFilter());
  app.setGlobalPrefix('api');
  await app.init();
  store = app.get(ObjectStore, { strict: false });
  await store.put('original', 'item/a/b.jpg', photo, 'image/jpeg');
  path = pathOf(await store.signedUrl('original', 'item/a/b.jpg'));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

describe('GET /api/objects', () => {
  it('sends the photo that the link names, safe to show and to keep', async () => {
    const answer = await get(path).expect(200);
    expect(Buffer.compare(answer.body as Buffer, photo)).toBe(0);
    const { etag } = (await store.head('original', 'item/a/b.jpg'))!;
    expect(answer.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': String(photo.length),
      'content-disposition': 'inline; filename="b.jpg"',
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringMatching(/^private, max-age=(3[6-9]\d\d|4[0-4]\d\d|4500)$/),
      etag: `"${etag}"`,
      'accept-ranges': 'bytes',
      'cross-origin-resource-policy': 'cross-origin',
    });
  });

  it('answers 304 to who has it already', async () => {
    const { etag } = (await store.head('original', 'item/a/b.jpg'))!;
    await get(path).set('If-None-Match', `"${etag}"`).expect(304);
    await get(path).set('If-None-Match', '"another"').expect(200);
  });

  it.each([
    ['bytes=0-3', 206, 0, 4],
    ['bytes=10-', 206, 10, undefined],
    ['bytes=-5', 206, -5, undefined],
    ['bytes=0-100000', 206, 0, undefined],
  ])('sends the range %s of the photo alone', async (range, status, start, end) => {
    const answer = await get(path).set('Range', range).buffer(true).expect(status);
    expect(Buffer.compare(answer.body as Buffer, photo.subarray(start, end))).toBe(0);
  });

  it('has no range beyond the photo, where its facts are kept', async () => {
    const answer = await get(path).set('Range', `bytes=${photo.length}-`).expect(416);
    expect(answer.headers).toMatchObject({ 'content-range': `bytes */${photo.length}`, 'cache-control': 'no-store' });
  });

  it('answers HEAD without the bytes', async () => {
    const answer = await request(app.getHttpServer()).head(path).expect(200);
    expect(answer.headers['content-length']).toBe(String(photo.length));
  });

  it('sends an empty object', async () => {
    await store.put('temp', 'empty.jpg', Buffer.alloc(0), 'image/jpeg');
    const answer = await get(pathOf(await store.signedUrl('temp', 'empty.jpg'))).expect(200);
    expect(answer.headers['content-length'] ?? '0').toBe('0');
  });

  it('says that the object is gone', async () => {
    const answer = await get(pathOf(await store.signedUrl('original', 'item/none.jpg')));
    expect(answer.body).toEqual({ code: 'OBJECT_NOT_FOUND' });
  });

  it.each([
    ['no signature', () => path.replace(/&signature=.*/, '')],
    ['another signature', () => path.replace(/signature=.{4}/, 'signature=AAAA')],
    ['a later end', () => path.replace(/expires=\d/, 'expires=9')],
    ['another object', () => path.replace('b.jpg', 'c.jpg')],
    ['another bucket', () => path.replace('/original/', '/processed/')],
    ['a model', () => path.replace('/original/item/a/b.jpg', '/models/v1/model.onnx')],
    ['a bucket there is not', () => path.replace('/original/', '/.incoming/')],
    ['a way out of the folder', () => path.replace('item/a/b.jpg', '..%2f..%2f..%2fetc%2fpasswd')],
    ['a way out in dots', () => path.replace('item/a/b.jpg', '%2e%2e/%2e%2e/etc/passwd')],
    ['two signatures', () => `${path}&signature=AAAA`],
    ['a NUL', () => path.replace('b.jpg', 'b.jpg%00')],
  ])('refuses a link with %s', async (_, make) => {
    const answer = await get(make());
    expect(answer.body).toEqual({ code: 'LINK_EXPIRED' });
  });

  it('shows no model, even to who could sign a link to it', async () => {
    await store.put('models', 'v1/model.onnx', photo, 'application/octet-stream');
    const expires = '99999999999';
    const signature = createHmac('sha256', linkSecret).update(`models\nv1/model.onnx\n${expires}`).digest('base64url');
    const answer = await get(`/api/objects/models/v1/model.onnx?expires=${expires}&signature=${signature}`);
    expect(answer.body).toEqual({ code: 'LINK_EXPIRED' });
  });

  it('refuses a link whose time is over', async () => {
    const link = await store.signedUrl('original', 'item/a/b.jpg', -10_000);
    expect((await get(pathOf(link))).body).toEqual({ code: 'LINK_EXPIRED' });
  });
});
