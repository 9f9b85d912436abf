import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId, type TrainingRunId } from '@repo/kernel';
import { ModelMetricsStore, ModelRegistry, newModelVersion, type ModelMetrics } from '@repo/recognition-domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnderTest, SERVICE_TOKEN, type Person } from './backend-under-test.js';

const compact = { id: 'mobilenetv2-160-0a1b2c3d4e5f-cover', quality: 'compact', origin: 'shipped', inputSize: 160 };
const advice = { code: 'GET_FULL_BACKBONE', message: 'npm run backbone -- pull' };
const network = { name: 'network', state: 'ok', durationMs: 0, detail: { backbone: compact, advice } };

let classifier: Server;
/** What the classifier answers, by path; nothing there: 503. */
let pages: Record<string, unknown>;
let backend: BackendUnderTest;
let ana: Person;
const version = newModelVersion(new Date(), newId());

beforeAll(async () => {
  classifier = createServer(({ url = '', headers }, response) => {
    const isAllowed = url !== '/version' || headers.authorization === `Bearer ${SERVICE_TOKEN}`;
    response.writeHead(!isAllowed ? 401 : url in pages ? 200 : 503, { 'Content-Type': 'application/json' }).end(JSON.stringify(pages[url] ?? {}));
  });
  await new Promise<void>((resolve) => classifier.listen(0, '127.0.0.1', resolve));
  backend = await BackendUnderTest.start({ OC_CLASSIFIER_URL: `http://127.0.0.1:${(classifier.address() as AddressInfo).port}` });
  ana = await backend.person('ana');
});
afterAll(async () => {
  await backend.stop();
  classifier.close();
});

/** A report lives for a second, and a busy machine may miss a part's deadline once. */
const soon = { timeout: 20_000, interval: 200 };
async function classifierPart() {
  const { body } = await backend.call('get', '/api/health/ready').expect(200);
  return { status: body.status, part: body.parts.find(({ name }: { name: string }) => name === 'classifier') };
}
const inUse = async () => (await backend.call('get', '/api/Models/backbone', ana).expect(200)).body;

describe('the health page', () => {
  it('passes on which backbone the classifier found, and nothing of the machine', async () => {
    const leaky = { ...network, detail: { ...network.detail, backbone: { ...compact, path: '/home/ana/net.safetensors' } } };
    pages = { '/health/ready': { status: 'ok', parts: [{ name: 'objects', state: 'ok', detail: 'other words' }, leaky] } };
    await expect.poll(classifierPart, soon).toEqual({ status: 'ok', part: { ...network, name: 'classifier', durationMs: expect.any(Number) } });
  });

  it('is well with a classifier that says nothing of its backbone', async () => {
    pages = { '/health/ready': { status: 'ok', parts: [{ name: 'network', state: 'ok', durationMs: 0 }] } };
    await expect.poll(classifierPart, soon).toEqual({ status: 'ok', part: { name: 'classifier', state: 'ok', durationMs: expect.any(Number) } });
  });
});

it('knows what the next training uses before there was one, and nothing while the classifier is down', async () => {
  pages = { '/version': { modelVersion: null, backbone: compact } };
  expect(await inUse()).toMatchObject({ modelVersion: null, next: compact, advice: { code: 'GET_FULL_BACKBONE' } });
  pages = {};
  expect(await inUse()).toEqual({ modelVersion: null });
});

it('knows what the version in charge was trained on, with the classifier and without it', async () => {
  const figures = { accuracy: 1, loss: 0, valAccuracy: 1, valLoss: 0, macroF1: 1, ece: 0, temperature: 1, perClass: [], confusion: [] };
  const lineage = { backbone: compact.id, backboneQuality: 'compact', testSet: 'x', labels: [], leftOut: [] } as unknown as ModelMetrics['lineage'];
  await backend.app.get(ModelMetricsStore).save({ version, runId: newId<TrainingRunId>(), metrics: figures, history: [], lineage, timestamp: new Date() });
  await backend.app.get(ModelRegistry).register(version, new Date());
  await backend.app.get(ModelRegistry).activate(version, undefined, 'the first', new Date());
  const trainedOn = { id: compact.id, quality: 'compact' };

  const full = { id: 'mobilenetv2-224-f0e1d2c3b4a5-cover', quality: 'full', origin: 'data folder', inputSize: 224 };
  pages = { '/version': { modelVersion: version, backbone: full } };
  expect(await inUse()).toEqual({ modelVersion: version, trainedOn, next: full, differs: true, advice: { code: 'TRAIN_AGAIN', message: expect.any(String) } });
  pages = {};
  expect(await inUse()).toEqual({ modelVersion: version, trainedOn });
  expect((await backend.call('get', '/api/Models', ana).expect(200)).body).toMatchObject([{ version, backbone: trainedOn }]);
});

it('documents health, and where to ask for the backbone', async () => {
  const { body } = await backend.call('get', '/api/docs-json').expect(200);
  expect(body.info.description).toContain('GET /api/Models/backbone');
  expect(body.paths['/api/Models/backbone'].get.responses['200'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/BackboneInUse' });
  const { get: ready } = body.paths['/api/health/ready'];
  expect(['200', '503'].map((status) => ready.responses[status].content['application/json'].schema)).toEqual(Array(2).fill({ $ref: '#/components/schemas/Health' }));
  expect(Object.keys(body.components.schemas.Health.properties.parts.items.properties)).toEqual(['name', 'state', 'durationMs', 'reason', 'detail']);
  expect(ready.security).toEqual([{}]);
  const referred = [...new Set(JSON.stringify(body).match(/(?<=#\/components\/schemas\/)\w+/g))];
  expect(referred.filter((name) => !(name in body.components.schemas))).toEqual([]);
});
