import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '@repo/kernel';
import { ModelRegistry, newModelVersion, type ModelVersion } from '@repo/recognition-domain';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnderTest, SERVICE_TOKEN, type Person } from './backend-under-test.js';

let classifier: Server;
let backend: BackendUnderTest;
let ana: Person;
let bia: Person;
/** What the classifier was asked, and what it answers. */
let asked: { authorization?: string; body: { imagePath: string; ownerId: string } }[] = [];
let answer: { status: number; body: unknown } | 'never';

const stages = { fetch: 1, queue: 0, decode: 3, forward: 10, search: 1, names: 1, total: 16 };
const similarTo = (itemId: string, fotoId: string) => [{ itemId, fotoId, nome: 'moeda', distancia: 0.08 }];

beforeAll(async () => {
  classifier = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push({ authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
      if (answer !== 'never') {
        response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.body));
      }
    });
  });
  await new Promise<void>((resolve) => classifier.listen(0, '127.0.0.1', resolve));
  backend = await BackendUnderTest.start({ OC_CLASSIFIER_URL: `http://127.0.0.1:${(classifier.address() as AddressInfo).port}` });
  ana = await backend.person('ana');
  bia = await backend.person('bia');
});
afterAll(async () => {
  await backend.stop();
  classifier.close();
});

const photo = () => sharp({ create: { width: 900, height: 600, channels: 3, background: '#a04030' } }).jpeg().toBuffer();
const ask = async (route = '/api/Clasificar', person = ana) => backend.call('post', route, person).attach('foto', await photo(), 'a.jpg');

describe('classifying', () => {
  it.each(['/api/Clasificar', '/api/Classificar'])('%s says what a photo shows, in the caller\'s own categories', async (route) => {
    const { body: item } = await backend.createItem(ana, [await photo()], { nome: 'moeda', categoria: 'Moedas' }).expect(201);
    const { body: theirs } = await backend.createItem(bia, [await photo()], { nome: 'segredo', categoria: 'Segredos' }).expect(201);
    asked = [];
    answer = {
      status: 200,
      body: {
        classe: 'segredos',
        confianca: 0.6,
        probabilities: { segredos: 0.6, moedas: 0.4 },
        modelVersion: 'v20260101000000000-0a1b2c',
        semelhantes: [...similarTo(item.itemId, item.fotoId), ...similarTo(theirs.itemId, theirs.fotoId)],
        stages,
      },
    };
    const { status, body } = await ask(route);
    expect([status, body]).toEqual([
      200,
      {
        classe: 'desconhecido',
        confianca: '40%',
        confiancaValor: 0.4,
        conhecido: false,
        alternativas: [{ classe: 'Moedas', confiancaValor: 0.4 }],
        itemsSemelhantes: [{ id: item.itemId, nome: 'moeda', categoria: 'Moedas', foto: expect.stringContaining(item.fotoId), distancia: 0.08 }],
        modelVersion: 'v20260101000000000-0a1b2c',
      },
    ]);
    expect(asked).toEqual([{ authorization: `Bearer ${SERVICE_TOKEN}`, body: expect.objectContaining({ ownerId: ana.id }) }]);
    expect(await backend.keys('temp')).toContain(asked[0]?.body.imagePath);
  });

  it('keeps the upload and says when to come back while the classifier is down', async () => {
    const uploads = (await backend.keys('temp')).length;
    answer = { status: 503, body: {} };
    const { status, body, headers } = await ask();
    expect([status, body.code]).toEqual([503, 'CLASSIFIER_UNAVAILABLE']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await backend.keys('temp')).length).toBe(uploads + 1);
  });

  it('keeps every upload and says when to come back when the classifier is killed while calls run', async () => {
    const uploads = (await backend.keys('temp')).length;
    answer = 'never';
    asked = [];
    const calls = Array.from({ length: 4 }, () => ask());
    const ended = Promise.all(calls);
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(4);
    classifier.closeAllConnections(); // what a killed process leaves: broken connections
    for (const { status, body, headers } of await ended) {
      expect([status, body.code]).toEqual([503, 'CLASSIFIER_UNAVAILABLE']);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await backend.keys('temp')).length).toBe(uploads + 4);
    expect(await backend.count('TemporaryUpload', '"classified" = false')).toBeGreaterThanOrEqual(4);
  });

  it('passes on that the classifier has too much to do', async () => {
    answer = { status: 429, body: {} };
    expect(await ask()).toMatchObject({ status: 429, body: { code: 'CLASSIFIER_BUSY' }, headers: { 'retry-after': '1' } });
  });

  it.each<[name: string, file: Buffer | undefined, status: number, code: string]>([
    ['text', Buffer.from('no photo'), 415, 'PHOTO_TYPE_UNSUPPORTED'],
    ['0 bytes', Buffer.alloc(0), 400, 'PHOTO_EMPTY'],
    ['the beginning of a JPEG', Buffer.from('ffd8ffe000104a46494600', 'hex'), 422, 'PHOTO_UNREADABLE'],
    ['no file', undefined, 400, 'PHOTO_MISSING'],
  ])('refuses %s without asking anybody', async (_, file, status, code) => {
    const uploads = await backend.keys('temp');
    asked = [];
    const form = backend.call('post', '/api/Clasificar', ana);
    const { body } = await (file ? form.attach('foto', file, 'a.jpg') : form.field('nome', 'x')).expect(status);
    expect(body.code).toBe(code);
    expect([asked, await backend.keys('temp')]).toEqual([[], uploads]);
  });
});

describe('trainings', () => {
  it('are queued, listed, followed and cancelled', async () => {
    const { body: queued, headers } = await backend.call('post', '/api/Training', ana).send({ motivo: 'fotos novas' }).expect(202);
    const training = `/api/Training/${queued.id}`;
    expect(headers['location']).toBe(training);
    expect((await backend.call('get', training, ana).expect(200)).body).toMatchObject({ id: queued.id, status: 'queued', motivo: 'fotos novas' });
    expect((await backend.call('get', '/api/Training', ana).expect(200)).body).toContainEqual(expect.objectContaining({ id: queued.id }));

    const followed = backend.call('get', `${training}/events`, ana).buffer(true).then(({ text }) => text);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await backend.call('delete', training, ana).expect(200);
    const events = (await followed).split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)).status);
    expect([events.at(0), events.at(-1)]).toEqual(['queued', 'cancelled']);
    expect((await backend.call('delete', training, ana).expect(409)).body).toMatchObject({ code: 'TRAINING_FINISHED' });
  });

  it('may be asked for without a word', async () => {
    const { body } = await backend.call('post', '/api/Training', ana).expect(202);
    await backend.call('delete', `/api/Training/${body.id}`, ana).expect(200);
  });

  it('of nobody are not there', async () => {
    await backend.call('get', '/api/Training/01890000-0000-7000-8000-000000000000', ana).expect(404);
    await backend.call('post', '/api/Training', ana).send({ motivo: 5 }).expect(400);
  });
});

describe('models', () => {
  it('are none before the first training', async () => {
    expect((await backend.call('get', '/api/Models', ana).expect(200)).body).toEqual([]);
    expect((await backend.call('get', '/api/Models/v20260101000000000-0a1b2c', ana).expect(404)).body).toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('are announced by the training service, and refused without their files', async () => {
    const { body } = await backend
      .call('post', '/api/UpdateModelVersion', { headers: { Authorization: `Bearer ${SERVICE_TOKEN}` } })
      .send({ modelPath: 'models/v20260101000000000-0a1b2c', embeddings: 'models/v20260101000000000-0a1b2c/embeddings.faiss' });
    expect(body).toMatchObject({ code: expect.stringMatching(/^MODEL_/) });
  });

  it('that were refused, or have lost their files, can not be put in charge', async () => {
    const admin = await backend.person('admin', 'admin');
    const registry = backend.app.get(ModelRegistry);
    const [serving, refused, removed] = [1, 2, 3].map((day) => newModelVersion(new Date(Date.UTC(2026, 0, day)), newId())) as [ModelVersion, ModelVersion, ModelVersion];
    for (const version of [serving, refused, removed]) {
      await registry.register(version, new Date());
    }
    await registry.activate(serving, undefined, 'the first', new Date());
    await registry.turnDown(refused, 'refused', 'worse');
    await registry.remove(removed);
    for (const version of [refused, removed]) {
      const { body } = await backend.call('post', `/api/Models/${version}/activate`, admin).expect(409);
      expect(body).toMatchObject({ code: 'MODEL_NOT_ACTIVATABLE' });
    }
    const { body: models } = await backend.call('get', '/api/Models', ana).expect(200);
    expect(models.map(({ version, state }: { version: string; state: string }) => [version, state])).toEqual([[removed, 'removed'], [refused, 'refused'], [serving, 'active']]);
  });
});
