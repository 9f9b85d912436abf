import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiClient, ApiError, readRetryAfter, UnreachableError, type Training } from './api-client.js';
import { FakePlatform } from './testing/fake-platform.js';

const credentials = { email: 'ana@example.org', password: 'right' };
const photo = { fileName: 'a.jpg', bytes: new Uint8Array([1, 2, 3]) };
const item = { nome: 'Real', categoria: 'Moedas', fotos: [photo, { ...photo, fileName: 'b.jpg' }] };

let platform: FakePlatform;
let client: ApiClient;
beforeEach(async () => {
  platform = await FakePlatform.start();
  client = new ApiClient(platform.url, credentials);
});
afterEach(() => platform.stop());

it('signs in by itself, once for calls that come together', async () => {
  platform.on('POST /Items', () => ({ status: 201, body: { itemId: 'i' } }));
  await Promise.all([client.createItem(item), client.createItem(item)]);
  expect(platform.callsTo('POST /auth/login')).toHaveLength(1);
  expect(platform.callsTo('POST /Items').map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
});

it('sends an item as the form that the API asks for', async () => {
  platform.on('POST /Items', () => ({ status: 201, body: { itemId: 'i', fotoId: 'f', fotoIds: ['f', 'g'] } }));
  expect(await client.createItem(item, 'key-1')).toMatchObject({ itemId: 'i' });
  const [call] = platform.callsTo('POST /Items');
  expect(call?.fields).toEqual({ nome: 'Real', categoria: 'Moedas', foto: 'a.jpg, b.jpg' });
  expect(call?.headers['idempotency-key']).toBe('key-1');
});

it('signs in again when the token has expired, and repeats the call', async () => {
  platform.on('GET /Training/1', ({ headers }) => (headers.authorization === 'Bearer token-1' ? { status: 401, body: { code: 'UNAUTHENTICATED', message: 'x' } } : { body: { id: '1' } }));
  expect(await client.training('1')).toEqual({ id: '1' });
  expect(platform.callsTo('POST /auth/login')).toHaveLength(2);
});

it('gives up when a new token is refused too', async () => {
  platform.on('GET /Training/1', () => ({ status: 401, body: { code: 'UNAUTHENTICATED', message: 'x' } }));
  await expect(client.training('1')).rejects.toMatchObject({ status: 401 });
});

it('does not try a wrong password twice', async () => {
  await expect(new ApiClient(platform.url, { ...credentials, password: 'wrong' }).signIn()).rejects.toMatchObject({ code: 'WRONG_CREDENTIALS' });
  expect(platform.callsTo('POST /auth/login')).toHaveLength(1);
});

describe('when the platform asks to wait', () => {
  it.each([429, 503])('waits and repeats after %i', async (status) => {
    const waits: number[] = [];
    const patient = new ApiClient(platform.url, credentials, { onWait: (seconds) => waits.push(seconds) });
    platform.on('POST /Classificar', [{ status, headers: { 'Retry-After': '0' }, body: { code: 'CLASSIFIER_BUSY', message: 'busy' } }, { body: { classe: 'Moedas' } }]);
    expect(await patient.classify(photo)).toEqual({ classe: 'Moedas' });
    expect(waits).toEqual([0]);
  });

  it('does not wait longer than its patience', async () => {
    const hurried = new ApiClient(platform.url, credentials, { patienceS: 1 });
    platform.on('POST /Classificar', () => ({ status: 503, headers: { 'Retry-After': '60' }, body: { code: 'CLASSIFIER_UNAVAILABLE', message: 'down' } }));
    await expect(hurried.classify(photo)).rejects.toMatchObject({ code: 'CLASSIFIER_UNAVAILABLE', retryAfterS: 60 });
  });
});

it('names what the platform refused', async () => {
  platform.on('POST /Items', () => ({ status: 415, body: { code: 'PHOTO_TYPE_UNSUPPORTED', message: 'no photo' } }));
  await expect(client.createItem(item)).rejects.toEqual(new ApiError(415, 'PHOTO_TYPE_UNSUPPORTED', 'no photo'));
});

it('makes a code of an answer that is no JSON', async () => {
  platform.on('GET /Training/1', () => ({ status: 502, raw: '<html>Bad gateway</html>' }));
  await expect(client.training('1')).rejects.toMatchObject({ code: 'HTTP_502', message: '<html>Bad gateway</html>' });
});

describe('when the connection breaks', () => {
  it('repeats what may be repeated', async () => {
    platform.on('POST /Items', [{ hangsUp: true }, { status: 201, body: { itemId: 'i' } }]);
    expect(await client.createItem(item, 'key-1')).toEqual({ itemId: 'i' });
  });

  it('waits for its own first attempt, which is still at work', async () => {
    platform.on('POST /Items', [{ hangsUp: true }, { status: 409, headers: { 'Retry-After': '0' }, body: { code: 'IDEMPOTENCY_IN_PROGRESS', message: 'x' } }, { status: 201, body: { itemId: 'i' } }]);
    expect(await client.createItem(item, 'key-1')).toEqual({ itemId: 'i' });
  });

  it('does not repeat a post without a key', async () => {
    platform.on('POST /Items', () => ({ hangsUp: true }));
    await expect(client.createItem(item)).rejects.toThrow(UnreachableError);
    expect(platform.callsTo('POST /Items')).toHaveLength(1);
  });
});

it('stops at once when it is told to', async () => {
  const interruption = new AbortController();
  const stoppable = new ApiClient(platform.url, credentials, { signal: interruption.signal });
  platform.on('POST /Classificar', () => ({ status: 503, headers: { 'Retry-After': '60' }, body: { code: 'X', message: 'x' } }));
  const answer = stoppable.classify(photo);
  setTimeout(() => interruption.abort(new Error('Ctrl-C')), 100);
  await expect(answer).rejects.toThrow();
});

describe('following a training', () => {
  const event = (training: object) => `event: progress\ndata: ${JSON.stringify(training)}\n\n`;
  const followed = async () => {
    const seen: string[] = [];
    for await (const { status } of client.followTraining('1')) {
      seen.push(status);
    }
    return seen;
  };

  it('hears every change to the end', async () => {
    platform.on('GET /Training/1/events', () => ({ raw: [{ status: 'queued' }, { status: 'running' }, { status: 'done' }].map(event).join('') }));
    expect(await followed()).toEqual(['queued', 'running', 'done']);
  });

  it('takes a broken stream up again', async () => {
    platform.on('GET /Training/1/events', [{ raw: event({ status: 'queued' }) }, { raw: event({ status: 'refused' }) }]);
    platform.on('GET /Training/1', () => ({ body: { id: '1', status: 'running' } satisfies Training }));
    expect(await followed()).toEqual(['queued', 'running', 'refused']);
  });

  it('learns the end from the training itself when the stream broke before', async () => {
    platform.on('GET /Training/1/events', () => ({ raw: event({ status: 'running' }) }));
    platform.on('GET /Training/1', () => ({ body: { id: '1', status: 'done' } satisfies Training }));
    expect(await followed()).toEqual(['running', 'done']);
  });

  it('says so when there is no such training', async () => {
    platform.on('GET /Training/1/events', () => ({ status: 404, body: { code: 'TRAINING_NOT_FOUND', message: 'x' } }));
    await expect(followed()).rejects.toMatchObject({ code: 'TRAINING_NOT_FOUND' });
  });
});

it.each([
  ['7', 7],
  ['0', 0],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('reads Retry-After: %s', (header, expected) => expect(readRetryAfter(header, 1000)).toBe(expected));
