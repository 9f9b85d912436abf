import { connect, type AddressInfo } from 'node:net';
import { crc32, deflateSync } from 'node:zlib';
import { newId } from '@repo/kernel';
import jwt from 'jsonwebtoken';
import sharp from 'sharp';
import type { Response, Test } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnderTest, JWT_SECRET, SERVICE_TOKEN, type Person } from './backend-under-test.js';

let backend: BackendUnderTest;
let ana: Person;
beforeAll(async () => {
  backend = await BackendUnderTest.start();
  ana = await backend.person('ana');
});
afterAll(() => backend.stop());

const plain = () => sharp({ create: { width: 60, height: 40, channels: 3, background: '#a04030' } });
const good = () => plain().jpeg().toBuffer();
const frames = () => sharp(Buffer.alloc(8 * 16 * 3).fill(200, 8 * 8 * 3), { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } });
const upload = (...photos: Buffer[]) => backend.createItem(ana, photos);

function hugePng(side: number): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const typed = Buffer.concat([Buffer.from(type), body]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.length, 0);
    frame.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))), { level: 9 });
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
}

describe('is refused, and leaves nothing behind', () => {
  it.each<[name: string, send: () => Test | Promise<Response>, status: number, code: string]>([
    ['text named .jpg', () => upload(Buffer.from('no photo')), 415, 'PHOTO_TYPE_UNSUPPORTED'],
    ['a truncated JPEG', async () => upload((await good()).subarray(0, -100)), 422, 'PHOTO_UNREADABLE'],
    ['a truncated JPEG after a good one', async () => upload(await good(), (await good()).subarray(0, -100)), 422, 'PHOTO_UNREADABLE'],
    ['0 bytes', () => upload(Buffer.alloc(0)), 400, 'PHOTO_EMPTY'],
    ['21 MB', () => upload(Buffer.alloc(21_000_000, 255)), 413, 'PHOTO_TOO_LARGE'],
    ['30,000 x 30,000 pixels', () => upload(hugePng(30_000)), 413, 'PHOTO_TOO_MANY_PIXELS'],
    ['SVG', () => upload(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')), 415, 'PHOTO_TYPE_UNSUPPORTED'],
    ['an animated GIF', async () => upload(await frames().gif().toBuffer()), 415, 'PHOTO_TYPE_UNSUPPORTED'],
    ['an animated WebP', async () => upload(await frames().webp().toBuffer()), 415, 'PHOTO_ANIMATED'],
    ['JSON instead of a form', () => backend.call('post', '/api/Items', ana).send({ nome: 'x' }), 415, 'CONTENT_TYPE_UNSUPPORTED'],
    ['a form without photo', () => upload(), 400, 'PHOTO_MISSING'],
    ['a form without name', async () => backend.createItem(ana, [await good()], { categoria: 'Moedas' }), 400, 'INVALID_INPUT'],
    ['an empty name', async () => backend.createItem(ana, [await good()], { nome: ' ', categoria: 'Moedas' }), 400, 'INVALID_INPUT'],
    ['a form without category', async () => backend.createItem(ana, [await good()], { nome: 'x' }), 400, 'INVALID_INPUT'],
    ['a name with NUL', async () => backend.createItem(ana, [await good()], { nome: 'a\u0000b', categoria: 'Moedas' }), 400, 'INVALID_INPUT'],
    ['another\'s id as owner', async () => backend.createItem(ana, [await good()], { nome: 'x', categoria: 'y', ownerId: newId() }), 400, 'INVALID_INPUT'],
    ['an unknown category id', async () => backend.createItem(ana, [await good()], { nome: 'x', categoria: newId() }), 404, 'CATEGORY_NOT_FOUND'],
    ['11 photos', async () => upload(...Array<Buffer>(11).fill(await good())), 400, 'TOO_MANY_PHOTOS'],
    ['a bad Idempotency-Key', async () => upload(await good()).set('Idempotency-Key', 'x'.repeat(201)), 400, 'INVALID_INPUT'],
    ['no token', async () => backend.call('post', '/api/Items').field('nome', 'x').attach('foto', await good(), 'a.jpg'), 401, 'UNAUTHENTICATED'],
    ['photos for an item that is not there', async () => backend.call('post', `/api/Items/${newId()}/fotos`, ana).attach('foto', await good(), 'a.jpg'), 404, 'ITEM_NOT_FOUND'],
  ])('%s', async (_, send, status, code) => {
    const before = await backend.traces();
    expect(await send()).toMatchObject({ status, body: { code, message: expect.any(String) } });
    expect(await backend.traces()).toEqual(before);
  });

  it('a name no file may have, which is never looked at', async () => {
    const { body } = await backend.call('post', '/api/Items', ana).field('nome', 'x').field('categoria', 'y').attach('foto', await good(), '../../etc/passwd\u202e.jpg.exe').expect(201);
    expect((await backend.keys('original')).some((key) => key === `item/${body.itemId}/${body.fotoId}.jpg`)).toBe(true);
  });

  it('a sender who hangs up before the end', async () => {
    const before = await backend.traces();
    const photo = await good();
    const { port } = backend.app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST /api/Items HTTP/1.1\r\nHost: x\r\nAuthorization: ${ana.headers.Authorization}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n`);
    socket.write('--b\r\nContent-Disposition: form-data; name="nome"\r\n\r\nmoeda\r\n--b\r\nContent-Disposition: form-data; name="categoria"\r\n\r\nMoedas\r\n');
    socket.write('--b\r\nContent-Disposition: form-data; name="foto"; filename="a.jpg"\r\n\r\n');
    socket.write(photo);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await backend.traces()).toEqual(before);
    await backend.createItem(ana, [photo]).expect(201);
  });
});

describe('access', () => {
  const routes: [method: 'get' | 'post' | 'put' | 'delete', route: string][] = [
    ['get', '/api/auth/me'],
    ['get', '/api/Items'],
    ['post', '/api/Items'],
    ['get', `/api/Items/${newId()}`],
    ['put', `/api/Items/${newId()}`],
    ['delete', `/api/Items/${newId()}`],
    ['post', `/api/Items/${newId()}/fotos`],
    ['delete', `/api/Items/${newId()}/fotos/${newId()}`],
    ['get', '/api/Categorias'],
    ['post', '/api/Categorias'],
    ['put', `/api/Categorias/${newId()}`],
    ['delete', `/api/Categorias/${newId()}`],
    ['post', '/api/Clasificar'],
    ['post', '/api/Classificar'],
    ['post', '/api/Training'],
    ['get', '/api/Training'],
    ['get', `/api/Training/${newId()}`],
    ['get', `/api/Training/${newId()}/events`],
    ['delete', `/api/Training/${newId()}`],
    ['get', '/api/Models'],
    ['get', '/api/Models/backbone'],
    ['get', `/api/Models/${newId()}`],
    ['post', `/api/Models/${newId()}/activate`],
    ['post', '/api/Storage/sweep'],
    ['get', '/api/Queues'],
    ['get', `/api/Queues/${newId()}/dead`],
    ['post', `/api/Queues/${newId()}/dead/replay`],
    ['get', `/api/Queues/${newId()}/dead/${newId()}`],
    ['post', `/api/Queues/${newId()}/dead/${newId()}/replay`],
    ['delete', `/api/Queues/${newId()}/dead/${newId()}`],
    ['get', '/api/Errors'],
  ];
  const claims = () => ({ sub: ana.id, jti: 'x', iss: 'ocolecionador', aud: 'ocolecionador-api' });
  const tokens: [name: string, token: () => string | undefined][] = [
    ['no token', () => undefined],
    ['an expired one', () => jwt.sign({ ...claims(), exp: Math.floor(Date.now() / 1_000) - 1 }, JWT_SECRET)],
    ['one of an unknown user', () => jwt.sign({ ...claims(), sub: newId(), exp: Math.floor(Date.now() / 1_000) + 60 }, JWT_SECRET)],
    ['one without signature', () => jwt.sign({ ...claims(), exp: 9_999_999_999 }, null, { algorithm: 'none' })],
    ['the services\' own', () => SERVICE_TOKEN],
  ];

  it.each(routes.flatMap(([method, route]) => tokens.map(([name, token]) => ({ method, route, name, token }))))('$method $route with $name: 401', async ({ method, route, token }) => {
    const value = token();
    const { body } = await backend.call(method, route, value ? { headers: { Authorization: `Bearer ${value}` } } : undefined).expect(401);
    expect(body.code).toBe('UNAUTHENTICATED');
  });

  it.each(['', 'a user', 'an administrator'])('POST /api/UpdateModelVersion is for services alone: %s', async (caller) => {
    const headers = caller === 'a user' ? ana.headers : caller ? (await backend.person('root', 'admin')).headers : { Authorization: '' };
    await backend.call('post', '/api/UpdateModelVersion', { headers }).send({ modelPath: 'models/v1', embeddings: 'models/v1/x' }).expect(401);
  });

  it('activating a model and sweeping the store are for administrators alone', async () => {
    await backend.call('post', '/api/Models/v20260101000000000/activate', ana).expect(403);
    await backend.call('post', '/api/Storage/sweep', ana).send({}).expect(403);
  });

  it('every route of the documentation is known here, or open on purpose', async () => {
    const { body } = await backend.call('get', '/api/docs-json').expect(200);
    const documented = Object.entries(body.paths as Record<string, object>).flatMap(([route, methods]) => Object.keys(methods).map((method) => `${method} ${route}`));
    const open = ['post /api/auth/login', 'get /api/health', 'get /api/health/live', 'get /api/health/ready', 'get /metrics', 'get /api/objects/{bucket}/{key}'];
    const services = ['post /api/UpdateModelVersion'];
    const uuid = /[0-9a-f]{8}-[0-9a-f-]{27}/g;
    const known = routes.map(([method, route]) => `${method} ${route.replace(uuid, '{}')}`);
    expect(documented.filter((route) => ![...open, ...services].includes(route) && !known.includes(route.replace(/\{\w+\}/g, '{}')))).toEqual([]);
  });
});

describe('signing in', () => {
  it.each<[name: string, body: object | string, status: number, code: string]>([
    ['a wrong password', { email: 'ana@example.org', password: 'wrong' }, 401, 'WRONG_CREDENTIALS'],
    ['an unknown address', { email: 'nobody@example.org', password: 'wrong' }, 401, 'WRONG_CREDENTIALS'],
    ['no address', { email: 'ana', password: 'x' }, 400, 'INVALID_INPUT'],
    ['no password', { email: 'ana@example.org' }, 400, 'INVALID_INPUT'],
    ['a role besides', { email: 'ana@example.org', password: 'x', role: 'admin' }, 400, 'INVALID_INPUT'],
    ['an object as password', { email: 'ana@example.org', password: { $ne: '' } }, 400, 'INVALID_INPUT'],
  ])('with %s is refused', async (_, body, status, code) => {
    expect((await backend.call('post', '/api/auth/login').send(body).expect(status)).body).toMatchObject({ code });
  });

  it('answers who it was, without a word of the password', async () => {
    const { body } = await backend.call('get', '/api/auth/me', ana).expect(200);
    expect(body).toEqual({ id: ana.id, name: 'ana', email: ana.email, role: 'user', provider: 'local' });
  });
});
