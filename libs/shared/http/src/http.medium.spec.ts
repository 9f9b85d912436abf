import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Body, Controller, Get, Global, HttpCode, Module, Post, Param, Query } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Cache } from '@repo/cache';
import { MemoryCache } from '@repo/cache/memory';
import { AccessDeniedError, Clock, DomainError, InvalidInputError, SystemClock, TemporaryError, type ErrorCode, type UserId } from '@repo/kernel';
import { ErrorReporter, renderMetrics } from '@repo/observability';
import request from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  Answers,
  CurrentUser,
  HttpModule,
  IdempotencyStore,
  OperationId,
  photoFile,
  prepareHttp,
  Public,
  Refuses,
  Repeatable,
  Roles,
  serveOpenApi,
  ServiceOnly,
  TakesPhotos,
  TokenVerifier,
  UnauthenticatedError,
  type IdempotencyClaim,
  type IdempotencyOutcome,
  type SignedInUser,
  type StoredAnswer,
} from './index.js';

const SERVICE_TOKEN = 'service-token-of-at-least-32-letters';
const ALLOWANCE = 50;

const noteBody = z.strictObject({ text: z.string().min(1) });
const formBody = z.strictObject({ nome: z.string(), foto: z.array(photoFile).max(10) });
const oneBody = z.strictObject({ foto: photoFile });

const work = vi.fn(async (..._: unknown[]): Promise<void> => {});

@Controller()
class Routes {
  @Get('mine')
  mine(@CurrentUser() user: SignedInUser) {
    return { email: user.email };
  }

  @Get('open')
  @Public()
  open() {
    return {};
  }

  @Get('things/:id')
  @Public()
  thing(@Param('id') id: string) {
    return { id };
  }

  @Get('services')
  @ServiceOnly()
  services() {
    return {};
  }

  @Get('admins')
  @Roles('admin')
  admins() {
    return {};
  }

  @Get('list')
  @Public()
  list(@Query({ schema: z.strictObject({ limit: z.coerce.number().int().max(200).default(50) }) }) { limit }: { limit: number }) {
    return { limit };
  }

  @Post('notes')
  @HttpCode(202)
  @Repeatable()
  async note(@Body({ schema: noteBody }) body: z.infer<typeof noteBody>, @OperationId() id: string) {
    await work(body, id);
    return { id };
  }

  @Post('forms')
  @Repeatable()
  @TakesPhotos({ field: 'foto', maxPhotos: 10 })
  @Answers(201, 'Keeps the form', z.object({ nome: z.string() }).meta({ id: 'Kept' }))
  @Refuses('PHOTO_UNREADABLE', 'PHOTO_EMPTY')
  async form(@Body({ schema: formBody }) { nome, foto }: z.infer<typeof formBody>) {
    await work();
    return { nome, sizes: foto.map(({ length }) => length) };
  }

  @Post('one')
  @TakesPhotos({ field: 'foto', maxPhotos: 1 })
  one(@Body({ schema: oneBody }) { foto }: z.infer<typeof oneBody>) {
    return { size: foto.length };
  }
}

class KnownTokens extends TokenVerifier {
  async verify(token: string): Promise<SignedInUser> {
    if (token !== 'ana' && token !== 'root') {
      throw new UnauthenticatedError();
    }
    return { id: token as UserId, email: `${token}@example.org`, name: token, role: token === 'root' ? 'admin' : 'user', provider: 'local' };
  }
}

class Refusal extends DomainError {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** The rules of the real store, without a database. */
class RememberedKeys extends IdempotencyStore {
  readonly rows = new Map<string, { fingerprint: string; claim: IdempotencyClaim; answer?: StoredAnswer; isReleased?: boolean }>();

  async begin(ownerId: UserId, key: string, fingerprint: string): Promise<IdempotencyOutcome> {
    const row = this.rows.get(ownerId + key);
    if (!row) {
      const claim = { id: `id of ${key}`, claimedAt: new Date() };
      this.rows.set(ownerId + key, { fingerprint, claim });
      return { kind: 'claimed', claim };
    }
    if (row.fingerprint !== fingerprint) {
      throw new Refusal('IDEMPOTENCY_KEY_REUSED');
    }
    if (row.isReleased) {
      row.isReleased = false;
      return { kind: 'claimed', claim: row.claim };
    }
    if (!row.answer) {
      throw new Refusal('IDEMPOTENCY_IN_PROGRESS');
    }
    return { kind: 'answered', answer: row.answer };
  }

  async finish(claim: IdempotencyClaim, answer: StoredAnswer): Promise<void> {
    // A database gives the answer back as JSON.
    Object.assign(this.rowOf(claim), { answer: JSON.parse(JSON.stringify(answer)) });
  }

  async release(claim: IdempotencyClaim): Promise<void> {
    Object.assign(this.rowOf(claim), { isReleased: true });
  }

  async forget(claim: IdempotencyClaim): Promise<void> {
    this.rows.forEach((row, key) => row.claim === claim && this.rows.delete(key));
  }

  async purge(): Promise<number> {
    return 0;
  }

  private rowOf(claim: IdempotencyClaim) {
    return [...this.rows.values()].find((one) => one.claim === claim)!;
  }
}

const keys = new RememberedKeys();
const report = vi.fn();

@Global()
@Module({
  providers: [
    { provide: Cache, useClass: MemoryCache },
    { provide: Clock, useClass: SystemClock },
    { provide: TokenVerifier, useClass: KnownTokens },
    { provide: IdempotencyStore, useValue: keys },
    { provide: ErrorReporter, useValue: { report } satisfies ErrorReporter },
  ],
  exports: [Cache, Clock, TokenVerifier, IdempotencyStore, ErrorReporter],
})
class Ports {}

let app: NestExpressApplication;
let cache: MemoryCache;

beforeAll(async () => {
  const module = await Test.createTestingModule({
    imports: [Ports, HttpModule.forRoot({ serviceToken: SERVICE_TOKEN, requestsPerMinute: ALLOWANCE, maxPhotoBytes: 1_000 })],
    controllers: [Routes],
  }).compile();
  app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  prepareHttp(app, { corsOrigins: ['https://page.example'] });
  serveOpenApi(app, 'docs', 'A test');
  await app.listen(0, '127.0.0.1');
  cache = module.get(Cache);
});
afterAll(() => app.close());
beforeEach(() => {
  work.mockReset().mockResolvedValue();
  report.mockReset();
  keys.rows.clear();
  vi.spyOn(cache, 'count').mockResolvedValue(1);
});

const api = () => request(app.getHttpServer());
const asAna = { Authorization: 'Bearer ana' };

describe('access', () => {
  it.each<[route: string, authorization: string | undefined, status: number]>([
    ['/open', undefined, 200],
    ['/open', 'Bearer nonsense', 200],
    ['/mine', undefined, 401],
    ['/mine', 'Bearer ana', 200],
    ['/mine', 'bearer ana', 200],
    ['/mine', 'Bearer ana and more', 401],
    ['/mine', 'Basic ana', 401],
    ['/mine', 'Bearer', 401],
    ['/mine', 'Bearer nonsense', 401],
    ['/mine', `Bearer ${SERVICE_TOKEN}`, 401],
    ['/admins', undefined, 401],
    ['/admins', 'Bearer ana', 403],
    ['/admins', 'Bearer root', 200],
    ['/services', undefined, 401],
    ['/services', 'Bearer root', 401],
    ['/services', `Bearer ${SERVICE_TOKEN}x`, 401],
    ['/services', `Bearer ${SERVICE_TOKEN}`, 200],
  ])('GET %s with %s: %i', async (route, authorization, status) => {
    await api().get(route).set(authorization ? { Authorization: authorization } : {}).expect(status);
  });

  it('gives every refusal the same words', async () => {
    const bodies = await Promise.all([{}, { Authorization: 'Bearer nonsense' }, { Authorization: 'Basic x' }].map(async (headers) => (await api().get('/mine').set(headers)).body));
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});

describe('what is no valid request', () => {
  it.each<[name: string, send: () => request.Test, status: number, code: string]>([
    ['an unknown route', () => api().get('/nowhere'), 404, 'ROUTE_NOT_FOUND'],
    ['an unknown method', () => api().delete('/open'), 404, 'ROUTE_NOT_FOUND'],
    ['a path that is no URI', () => api().get('/things/%E0%A4%A'), 400, 'INVALID_INPUT'],
    ['broken JSON', () => api().post('/notes').set(asAna).set('Content-Type', 'application/json').send('{"text":'), 400, 'INVALID_INPUT'],
    ['no body', () => api().post('/notes').set(asAna), 400, 'INVALID_INPUT'],
    ['a body of another kind', () => api().post('/notes').set(asAna).set('Content-Type', 'text/plain').send('text=x'), 400, 'INVALID_INPUT'],
    ['a field too many', () => api().post('/notes').set(asAna).send({ text: 'x', role: 'admin' }), 400, 'INVALID_INPUT'],
    ['a field of another type', () => api().post('/notes').set(asAna).send({ text: 1 }), 400, 'INVALID_INPUT'],
    ['a JSON body of 1 MB', () => api().post('/notes').set(asAna).send({ text: 'x'.repeat(1_000_000) }), 413, 'BODY_TOO_LARGE'],
    ['a query that breaks its schema', () => api().get('/list?limit=201'), 400, 'INVALID_INPUT'],
    ['an unknown query field', () => api().get('/list?limits=1'), 400, 'INVALID_INPUT'],
  ])('%s', async (_, send, status, code) => {
    const { body } = await send().expect(status);
    expect(body).toMatchObject({ code, message: expect.any(String) });
    expect(work).not.toHaveBeenCalled();
  });

  it('keeps `__proto__` out of what a route sees', async () => {
    await api().post('/notes').set(asAna).set('Content-Type', 'application/json').send('{"text":"x","__proto__":{"admin":true}}');
    expect((work.mock.calls[0]?.[0] as { admin?: boolean } | undefined)?.admin).toBeUndefined();
  });

  it('names the field', async () => {
    const { body } = await api().post('/notes').set(asAna).send({ text: 1 });
    expect(body.details).toEqual([{ field: 'text', message: expect.any(String) }]);
  });
});

it('tells nothing of an error of ours', async () => {
  work.mockRejectedValue(new TypeError('the secret'));
  const { body } = await api().post('/notes').set(asAna).send({ text: 'x' }).expect(500);
  expect(body).toEqual({ code: 'INTERNAL', message: expect.not.stringContaining('secret') });
});

it.each<[name: string, error: Error, reports: number]>([
  ['an error of ours', new TypeError('undefined is not a function'), 1],
  ['a part that refuses our credentials', new AccessDeniedError('the store refuses us'), 1],
  ['a part that is down', new TemporaryError('no answer'), 0],
  ['what the caller did wrong', new InvalidInputError('no'), 0],
])('reports %s as often as somebody has to look', async (_, error, reports) => {
  work.mockRejectedValue(error);
  await api().post('/notes').set(asAna).send({ text: 'x' });
  expect(report.mock.calls).toEqual(reports ? [[error, { route: 'POST /notes', status: expect.any(Number) as number }]] : []);
});

it('says when to come back while a part is down', async () => {
  work.mockRejectedValue(new TemporaryError('the database at 10.0.0.1'));
  const { body, headers } = await api().post('/notes').set(asAna).send({ text: 'x' }).expect(503);
  expect(headers['retry-after']).toBe('5');
  expect(body.message).not.toContain('10.0.0.1');
});

it('refuses beyond the allowance, and says for how long', async () => {
  vi.spyOn(cache, 'count').mockResolvedValue(ALLOWANCE + 1);
  const { headers, body } = await api().get('/open').expect(429);
  expect(body.code).toBe('TOO_MANY_REQUESTS');
  expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
});

it('counts each user apart, and strangers by address', async () => {
  const count = vi.spyOn(cache, 'count').mockClear();
  await api().get('/mine').set(asAna);
  await api().get('/mine').set('Authorization', 'Bearer root');
  await api().get('/open');
  const counted = count.mock.calls.map(([key]) => key.replace(/:\d+$/, ''));
  expect(counted).toEqual(['rate:user:ana', 'rate:user:root', 'rate:address:127.0.0.1']);
});

it('does not wait for a JSON body that stops coming', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  try {
    socket.write('POST /open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{');
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(30_000);
    await once(socket, 'close');
  } finally {
    vi.useRealTimers();
    socket.destroy();
  }
  expect(answer).toMatch(/^HTTP\/1.1 408 [^]*"code":"BODY_TOO_SLOW"/);
});

describe('forms', () => {
  const photo = (bytes: number) => Buffer.alloc(bytes, 1);
  const withPhotos = (...sizes: number[]) => sizes.reduce((form, bytes, i) => form.attach('foto', photo(bytes), `${i}.jpg`), api().post('/forms').set(asAna).field('nome', 'moeda'));

  it('arrive as text and photos, in order', async () => {
    const { body } = await withPhotos(3, 1, 2).expect(201);
    expect(body).toEqual({ nome: 'moeda', sizes: [3, 1, 2] });
  });

  it('take a photo of exactly the limit, and ten of them', async () => {
    const { body } = await withPhotos(...Array<number>(10).fill(1_000)).expect(201);
    expect(body.sizes).toHaveLength(10);
  });

  it.each<[name: string, send: () => request.Test, status: number, code: string]>([
    ['one byte too many', () => withPhotos(1_001), 413, 'PHOTO_TOO_LARGE'],
    ['eleven photos', () => withPhotos(...Array<number>(11).fill(1)), 400, 'TOO_MANY_PHOTOS'],
    ['no photo', () => api().post('/forms').set(asAna).field('nome', 'moeda'), 400, 'PHOTO_MISSING'],
    ['a photo in another field', () => api().post('/forms').set(asAna).field('nome', 'x').attach('photo', photo(1), '1.jpg'), 400, 'INVALID_INPUT'],
    ['text beside the photo, in its field', () => withPhotos(1).field('foto', 'x'), 400, 'INVALID_INPUT'],
    ['the photo as text', () => api().post('/forms').set(asAna).field('nome', 'x').field('foto', 'x'), 400, 'PHOTO_MISSING'],
    ['two photos where one is taken', () => api().post('/one').set(asAna).attach('foto', photo(1), '1').attach('foto', photo(1), '2'), 400, 'TOO_MANY_PHOTOS'],
    ['no name', () => api().post('/forms').set(asAna).attach('foto', photo(1), '1.jpg'), 400, 'INVALID_INPUT'],
    ['two names', () => withPhotos(1).field('nome', 'another'), 400, 'INVALID_INPUT'],
    ['an unknown field', () => withPhotos(1).field('ownerId', 'x'), 400, 'INVALID_INPUT'],
    ['a name of 1 MB', () => api().post('/forms').set(asAna).field('nome', 'x'.repeat(1_000_000)).attach('foto', photo(1), '1'), 400, 'INVALID_INPUT'],
    ['2,000 fields', () => Array.from({ length: 2_000 }).reduce<request.Test>((form, _, i) => form.field(`f${i}`, 'x'), withPhotos(1)), 400, 'INVALID_INPUT'],
    ['JSON instead', () => api().post('/forms').set(asAna).send({ nome: 'x' }), 415, 'CONTENT_TYPE_UNSUPPORTED'],
    ['nothing at all', () => api().post('/forms').set(asAna), 415, 'CONTENT_TYPE_UNSUPPORTED'],
    ['no boundary', () => api().post('/forms').set(asAna).set('Content-Type', 'multipart/form-data').send('x'), 400, 'INVALID_INPUT'],
    ['an unfinished form', () => api().post('/forms').set(asAna).set('Content-Type', 'multipart/form-data; boundary=b').send('--b\r\nContent-Disposition: form-data; name="nome"\r\n\r\nmo'), 400, 'INVALID_INPUT'],
    ['a prototype as a field', () => withPhotos(1).field('__proto__[admin]', 'x'), 400, 'INVALID_INPUT'],
    ['no token', () => api().post('/forms').field('nome', 'x').attach('foto', photo(1), '1'), 401, 'UNAUTHENTICATED'],
  ])('refuse %s', async (_, send, status, code) => {
    const { body } = await send().expect(status);
    expect(body).toMatchObject({ code });
    expect(work).not.toHaveBeenCalled();
  });

  it('give their place up when the sender leaves half way', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const head = 'POST /forms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ana\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900\r\n\r\n--b\r\n';
    const sockets = Array.from({ length: 30 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    sockets.forEach((socket) => socket.write(head));
    await new Promise((resolve) => setTimeout(resolve, 100));
    sockets.forEach((socket) => socket.destroy());
    await withPhotos(1).expect(201);
  });
});

describe('Idempotency-Key', () => {
  const send = (key: string, text = 'x') => api().post('/notes').set(asAna).set('Idempotency-Key', key).send({ text });

  it('gives the first answer again, without doing the work again', async () => {
    const first = await send('k').expect(202);
    const second = await send('k').expect(202);
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(work).toHaveBeenCalledTimes(1);
    expect(work.mock.calls[0]?.[1]).toBe('id of k');
  });

  it('refuses another body under the same key', async () => {
    await send('k', 'one');
    await send('k', 'two').expect(422);
  });

  it('sees a photo of another content, not only of another length', async () => {
    const form = (byte: number) => api().post('/forms').set(asAna).set('Idempotency-Key', 'k').field('nome', 'x').attach('foto', Buffer.alloc(9, byte), '1');
    await form(1).expect(201);
    await form(1).expect(201);
    await form(2).expect(422);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('does the work once for two at the same instant', async () => {
    work.mockImplementation(() => new Promise((resolve) => setTimeout(resolve, 50)));
    const answers = await Promise.all([send('k'), send('k')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('may be used again after a refusal, which had no effect', async () => {
    work.mockRejectedValueOnce(new InvalidInputError('no'));
    await send('k', 'wrong').expect(400);
    await send('k', 'right').expect(202);
  });

  it('carries the request out again at once after a failure of ours, whose effect is not known, under the same id', async () => {
    work.mockRejectedValueOnce(new TemporaryError('the answer of COMMIT was lost'));
    await send('k').expect(503);
    await vi.waitFor(() => send('k').expect(202));
    expect(work.mock.calls.map(([, id]) => id)).toEqual(['id of k', 'id of k']);
  });

  it('is released when the database is back, and held so long', async () => {
    work.mockRejectedValueOnce(new TemporaryError('the database is away'));
    const release = vi.spyOn(keys, 'release').mockRejectedValueOnce(new TemporaryError('the database is away'));
    await send('k').expect(503);
    await send('k').expect(409);
    await vi.waitFor(() => expect(release).toHaveBeenCalledTimes(2), 3_000);
    await send('k').expect(202);
  });

  it('answers although the answer could not be kept, and does the work again under the same id when asked', async () => {
    vi.spyOn(keys, 'finish').mockRejectedValueOnce(new TemporaryError('down'));
    await send('k').expect(202);
    await vi.waitFor(() => send('k').expect(202));
    expect(work.mock.calls.map(([, id]) => id)).toEqual(['id of k', 'id of k']);
  });

  it('does nothing where it is absent', async () => {
    await api().post('/notes').set(asAna).send({ text: 'x' }).expect(202);
    await api().post('/notes').set(asAna).send({ text: 'x' }).expect(202);
    expect(work).toHaveBeenCalledTimes(2);
  });
});

it('measures each request by its route', async () => {
  await api().get('/things/1');
  const { text } = await renderMetrics();
  expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/things\/:id",status="200"\} \d+/);
});

describe('headers', () => {
  it('keep browsers from guessing types and framing pages', async () => {
    const { headers } = await api().get('/open');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it.each([
    ['https://page.example', 'https://page.example'],
    ['https://other.example', undefined],
  ])('a page of %s may read: %s', async (origin, allowed) => {
    const { headers } = await api().get('/open').set('Origin', origin);
    expect(headers['access-control-allow-origin']).toBe(allowed);
  });
});

it('documents forms, bodies, queries and refusals', async () => {
  const { body: document } = await api().get('/docs-json').expect(200);
  const form = document.paths['/forms'].post.requestBody.content['multipart/form-data'].schema;
  expect(form.properties).toMatchObject({ nome: { type: 'string' }, foto: { type: 'array', items: { type: 'string', format: 'binary' } } });
  expect(document.paths['/notes'].post.requestBody.content['application/json'].schema.required).toEqual(['text']);
  expect(document.paths['/list'].get.parameters).toMatchObject([{ name: 'limit', in: 'query' }]);
  expect(document.components.securitySchemes.bearer).toMatchObject({ scheme: 'bearer' });
  expect(document.paths['/open'].get.security).toEqual([{}]);

  const { summary, responses } = document.paths['/forms'].post;
  expect(summary).toBe('Keeps the form');
  expect(responses['201'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Kept' });
  expect(responses['422'].description.split(/\s+/).sort()).toEqual(['IDEMPOTENCY_KEY_REUSED', 'PHOTO_UNREADABLE']);
  expect(Object.keys(responses).sort()).toEqual(['201', '400', '401', '409', '422', '429']);
  expect(Object.keys(document.components.schemas).sort()).toEqual(['Error', 'Kept']);
  await api().get('/docs').expect(200);
});
