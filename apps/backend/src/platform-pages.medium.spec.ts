import { afterAll, beforeAll, expect, it } from 'vitest';
import { BackendUnderTest } from './backend-under-test.js';

const administrator = { email: 'root@example.org', password: 'a long password of root' };
let backend: BackendUnderTest;
beforeAll(async () => {
  backend = await BackendUnderTest.start({ OC_AUTH_EMAIL: administrator.email, OC_AUTH_PASSWORD: administrator.password });
});
afterAll(() => backend.stop());

it('is ready without the classifier, and says that it is missing', async () => {
  const { body } = await backend.call('get', '/api/health/ready').expect(200);
  expect(body.status).toBe('degraded');
  const states = Object.fromEntries(body.parts.map(({ name, state }: { name: string; state: string }) => [name, state]));
  expect(states).toEqual({ 'collection database': 'ok', 'learning database': 'ok', messages: 'ok', objects: 'ok', cache: 'ok', classifier: 'failed' });
});

it('is ready without the shared cache, and says that it is missing', async () => {
  const lonely = await BackendUnderTest.start({ CACHE_URL: 'redis://127.0.0.1:9' }); // the discard port: nobody answers
  try {
    const { body } = await lonely.call('get', '/api/health/ready').expect(200);
    expect(body.parts).toContainEqual(expect.objectContaining({ name: 'cache', state: 'failed' }));
  } finally {
    await lonely.stop();
  }
});

it.each(['/api/health', '/api/health/live'])('tells anybody its health at %s', async (route) => {
  await backend.call('get', route).expect(200);
});

it('signs the administrator of the settings in', async () => {
  const { body } = await backend.call('post', '/api/auth/login').send(administrator).expect(200);
  expect(body).toEqual({ token: expect.any(String), user: { id: expect.any(String), name: expect.any(String), email: administrator.email, role: 'admin', provider: 'local' } });
});

it('leads a browser from its address to the documentation', async () => {
  await backend.call('get', '/').expect(302).expect('Location', '/api/docs');
  await backend.call('get', '/api/docs').expect(200).expect('Content-Type', /html/);
});

it('documents every answer of a route with its shape', async () => {
  const { body } = await backend.call('get', '/api/docs-json').expect(200);
  const upload = body.paths['/api/Items'].post;
  expect(upload.requestBody.content['multipart/form-data'].schema).toMatchObject({
    required: ['nome', 'categoria', 'foto'],
    properties: { foto: { type: 'array', minItems: 1, maxItems: 10, items: { type: 'string', format: 'binary' } } },
  });
  expect(Object.keys(upload.responses).sort()).toEqual(['201', '400', '401', '404', '409', '410', '413', '415', '422', '429']);
  expect(upload.responses['201'].content['application/json'].schema.required).toEqual(['success', 'itemId', 'fotoId', 'fotoIds']);
  expect(upload.parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', in: 'header' }));
});

it('counts its requests by route', async () => {
  await backend.call('get', '/api/health/live');
  const { text } = await backend.call('get', '/metrics').expect(200);
  expect(text).toMatch(/http_request_duration_seconds_count\{method="GET",route="\/api\/health\/live",status="200"\}/);
  expect(text).toContain('process_resident_memory_bytes');
});
