import { Global, Logger, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Cache } from '@repo/cache';
import { MemoryCache } from '@repo/cache/memory';
import { HttpModule, prepareHttp, TokenVerifier, UnauthenticatedError, type SignedInUser } from '@repo/http';
import { PhotoGate, PhotoUnreadableError } from '@repo/images';
import { Clock, newId, SystemClock, type ItemId, type PhotoId, type TrainingRunId, type UserId } from '@repo/kernel';
import { ErrorReporter, LogErrorReporter } from '@repo/observability';
import {
  ClassificationLog,
  Classifier,
  ClassifierOverloadedError,
  ClassifierUnavailableError,
  modelFolder,
  modelIndexKey,
  ModelMetricsStore,
  ModelNotActivatableError,
  ModelNotFoundError,
  ModelRegistry,
  newModelVersion,
  PhotoCatalogue,
  TrainingFinishedError,
  TrainingNotFoundError,
  TrainingRuns,
  type Classification,
  type KnownBackbone,
  type ModelMetrics,
  type ModelState,
  type ModelVersion,
  type RegisteredModel,
  type TrainingRun,
} from '@repo/recognition-domain';
import { ObjectStore, type StoredObject } from '@repo/storage';
import request, { type Test as Call } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecognitionApiModule } from './recognition-api.module.js';

Logger.overrideLogger(false);
const SERVICE_TOKEN = 'service-token-of-at-least-32-letters';

const person = (email: string, role: SignedInUser['role']): SignedInUser => ({ id: newId<UserId>(), email, name: email, role, provider: 'local' });
const users: Record<string, SignedInUser> = { ana: person('ana@example.org', 'user'), rui: person('rui@example.org', 'user'), admin: person('admin@example.org', 'admin') };
const [coin, coinPhoto] = [newId<ItemId>(), newId<PhotoId>()];

/** What the ports answer; each test changes what it is about. */
const ports = {
  classifier: { classify: vi.fn<Classifier['classify']>(), backbone: vi.fn<Classifier['backbone']>() },
  gate: { acceptForClassification: vi.fn<PhotoGate['acceptForClassification']>() },
  log: { uploaded: vi.fn<ClassificationLog['uploaded']>(), classified: vi.fn<ClassificationLog['classified']>(), purgeUploads: vi.fn(async () => 0) },
  store: { put: vi.fn<ObjectStore['put']>(), head: vi.fn<ObjectStore['head']>(), signedUrl: async (bucket: string, key: string) => `https://objects.example/${bucket}/${key}` },
  catalogue: {
    categories: async (ownerId: UserId) => (ownerId === users['ana']?.id ? [{ name: 'Moedas', label: 'moedas' }, { name: 'Sêlos', label: 'selos' }] : []),
    named: async (_ownerId: UserId, photoIds: readonly PhotoId[]) =>
      photoIds.filter((photoId) => photoId === coinPhoto).map((photoId) => ({ photoId, itemId: coin, objectKey: `item/${coin}/${photoId}.jpg`, name: 'Dobrão', category: 'Moedas' })),
  },
  runs: { request: vi.fn<TrainingRuns['request']>(), get: vi.fn<TrainingRuns['get']>(), list: vi.fn<TrainingRuns['list']>(), cancel: vi.fn<TrainingRuns['cancel']>() },
  registry: { list: vi.fn<ModelRegistry['list']>(), get: vi.fn<ModelRegistry['get']>(), active: vi.fn<ModelRegistry['active']>(), activate: vi.fn<ModelRegistry['activate']>(), register: vi.fn<ModelRegistry['register']>(), turnDown: vi.fn<ModelRegistry['turnDown']>(), remove: vi.fn<ModelRegistry['remove']>() },
  metrics: { get: vi.fn<ModelMetricsStore['get']>(), getMany: vi.fn<ModelMetricsStore['getMany']>(), scorecard: vi.fn<ModelMetricsStore['scorecard']>() },
};

const parts = [
  { provide: Cache, useClass: MemoryCache },
  { provide: Clock, useClass: SystemClock },
  { provide: ErrorReporter, useClass: LogErrorReporter },
  { provide: TokenVerifier, useValue: { verify: async (token: string) => users[token] ?? refuse() } },
  { provide: PhotoGate, useValue: ports.gate },
  { provide: ObjectStore, useValue: ports.store },
  { provide: Classifier, useValue: ports.classifier },
  { provide: PhotoCatalogue, useValue: ports.catalogue },
  { provide: ClassificationLog, useValue: ports.log },
  { provide: TrainingRuns, useValue: ports.runs },
  { provide: ModelRegistry, useValue: ports.registry },
  { provide: ModelMetricsStore, useValue: ports.metrics },
];
@Global()
@Module({ providers: parts, exports: parts })
class Parts {}

let app: NestExpressApplication;
beforeAll(async () => {
  const http = HttpModule.forRoot({ serviceToken: SERVICE_TOKEN, requestsPerMinute: 100_000, maxPhotoBytes: 20_000_000 });
  const testing = await Test.createTestingModule({ imports: [Parts, http, RecognitionApiModule.forRoot({ confidenceThreshold: 0.75 })] }).compile();
  app = testing.createNestApplication<NestExpressApplication>({ bodyParser: false });
  app.setGlobalPrefix('api');
  prepareHttp(app, { corsOrigins: [] });
  await app.listen(0, '127.0.0.1');
});
afterAll(() => app?.close());
beforeEach(() => vi.resetAllMocks());

function refuse(): never {
  throw new UnauthenticatedError();
}
function call(method: 'get' | 'post' | 'delete', route: string, who?: string): Call {
  const asked = request(app.getHttpServer())[method](`/api/${route}`);
  return who ? asked.set('Authorization', `Bearer ${who}`) : asked;
}

describe('POST /api/Clasificar', () => {
  const answered: Classification = {
    probabilities: { moedas: 0.92, selos: 0.05, segredos: 0.03 },
    similar: [{ itemId: coin, photoId: coinPhoto, distance: 0.08 }, { itemId: newId(), photoId: newId(), distance: 0.12 }],
    modelVersion: 'v1',
  };
  const classify = (route = 'Clasificar', who = 'ana') => call('post', route, who).attach('foto', Buffer.from('a photo'), 'photo.jpg');
  beforeEach(() => {
    ports.gate.acceptForClassification.mockResolvedValue({ bytes: Buffer.from('checked'), contentType: 'image/jpeg', extension: 'jpg', width: 1, height: 1, sha256: '' });
    ports.classifier.classify.mockResolvedValue(answered);
    ports.log.uploaded.mockResolvedValue();
    ports.log.classified.mockResolvedValue();
  });

  it.each(['Clasificar', 'Classificar'])('answers as documented at /api/%s', async (route) => {
    const { body } = await classify(route).expect(200);
    expect(body).toEqual({
      classe: 'Moedas',
      confianca: '92%',
      confiancaValor: 0.92,
      conhecido: true,
      alternativas: [{ classe: 'Sêlos', confiancaValor: 0.05 }],
      itemsSemelhantes: [{ id: coin, nome: 'Dobrão', categoria: 'Moedas', foto: `https://objects.example/original/item/${coin}/${coinPhoto}.jpg`, distancia: 0.08 }],
      modelVersion: 'v1',
    });
  });

  it('keeps the upload before it asks, and the answer afterwards', async () => {
    await classify().expect(200);
    const [path] = ports.log.uploaded.mock.calls[0]!;
    expect(path).toMatch(/^uploads\/[0-9a-f-]{36}\.jpg$/);
    expect(ports.store.put).toHaveBeenCalledWith('temp', path, Buffer.from('checked'), 'image/jpeg');
    expect(ports.classifier.classify).toHaveBeenCalledWith(path, users['ana']?.id);
    expect(ports.log.classified).toHaveBeenCalledWith(
      expect.objectContaining({ ownerId: users['ana']?.id, imagePath: path, classe: 'Moedas', confidence: 0.92, known: true, modelVersion: 'v1' }),
    );
  });

  it('knows similar items before the first training', async () => {
    ports.classifier.classify.mockResolvedValue({ ...answered, probabilities: undefined, modelVersion: undefined });
    const { body } = await classify().expect(200);
    expect(body).toMatchObject({ classe: 'desconhecido', confianca: '0%', conhecido: false, alternativas: [], itemsSemelhantes: [{ id: coin }], modelVersion: null });
  });

  it('answers even when the answer can\'t be kept', async () => {
    ports.log.classified.mockRejectedValue(new Error('database away'));
    await classify().expect(200);
  });

  it.each([
    ['nobody is there', new ClassifierUnavailableError(), 503, 'CLASSIFIER_UNAVAILABLE'],
    ['too many ask', new ClassifierOverloadedError(), 429, 'CLASSIFIER_BUSY'],
  ])('asks to come again when %s, and keeps the upload', async (_, error, status, code) => {
    ports.classifier.classify.mockRejectedValue(error);
    const { body, headers } = await classify().expect(status);
    expect(body.code).toBe(code);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(ports.log.uploaded).toHaveBeenCalledOnce();
    expect(ports.log.classified).not.toHaveBeenCalled();
  });

  it('keeps nothing of what the gate refuses', async () => {
    ports.gate.acceptForClassification.mockRejectedValue(new PhotoUnreadableError('truncated'));
    const { body } = await classify().expect(422);
    expect(body.code).toBe('PHOTO_UNREADABLE');
    expect(ports.store.put).not.toHaveBeenCalled();
    expect(ports.log.uploaded).not.toHaveBeenCalled();
  });

  it('needs a person and a photo', async () => {
    await classify('Clasificar', 'nobody').expect(401);
    await call('post', 'Clasificar', 'ana').field('nome', 'x').expect(400);
  });
});

describe('/api/Training', () => {
  const run = (change: Partial<TrainingRun> = {}): TrainingRun => ({
    id: newId<TrainingRunId>(),
    status: 'running',
    motive: 'more stamps',
    requestedBy: users['ana']!.id,
    requestedAt: new Date('2026-01-01T12:00:00Z'),
    startedAt: new Date('2026-01-01T12:00:05Z'),
    finishedAt: undefined,
    reasonCode: undefined,
    reason: undefined,
    modelVersion: undefined,
    progress: { phase: 'training', percent: 70, photos: 150, epochs: [{ epoch: 1, epochs: 100, loss: 1.2, accuracy: 0.5, valLoss: 1.3, valAccuracy: 0.4 }] },
    ...change,
  });

  it.each([
    ['a motive', { motivo: 'more stamps' }, 'more stamps'],
    ['none', {}, undefined],
    ['no body at all', undefined, undefined],
  ])('queues a training with %s', async (_, body, motive) => {
    const queued = run({ status: 'queued' });
    ports.runs.request.mockResolvedValue(queued);
    const { body: answer, headers } = await call('post', 'Training', 'ana').send(body).expect(202);
    expect(answer).toEqual({ id: queued.id });
    expect(headers['location']).toBe(`/api/Training/${queued.id}`);
    expect(ports.runs.request).toHaveBeenCalledWith(expect.objectContaining({ motive, requestedBy: users['ana']?.id }));
  });

  it.each([{ motivo: '' }, { motivo: 5 }, { motivo: 'x'.repeat(201) }, { motivo: 'a\0b' }, { motivo: 'a\ud83e' }, { other: 1 }])('refuses %j', async (body) => {
    expect((await call('post', 'Training', 'ana').send(body).expect(400)).body.code).toBe('INVALID_INPUT');
  });

  it('shows a training with its epochs', async () => {
    const shown = run();
    ports.runs.get.mockResolvedValue(shown);
    const { body } = await call('get', `Training/${shown.id}`, 'ana').expect(200);
    expect(body).toEqual({
      id: shown.id,
      status: 'running',
      motivo: 'more stamps',
      requestedAt: '2026-01-01T12:00:00.000Z',
      startedAt: '2026-01-01T12:00:05.000Z',
      progress: { phase: 'training', percent: 70, photos: 150, epochs: [{ epoch: 1, epochs: 100, loss: 1.2, accuracy: 0.5, val_loss: 1.3, val_accuracy: 0.4 }] },
    });
  });

  it('keeps a person\'s words from others', async () => {
    ports.runs.list.mockResolvedValue([run(), run({ requestedBy: undefined, motive: '20 new photos' })]);
    const motives = async (who: string) => ((await call('get', 'Training', who).expect(200)).body as { motivo?: string }[]).map(({ motivo }) => motivo);
    expect(await motives('ana')).toEqual(['more stamps', '20 new photos']);
    expect(await motives('rui')).toEqual([undefined, '20 new photos']);
    expect(await motives('admin')).toEqual(['more stamps', '20 new photos']);
  });

  it.each([
    ['ana', ['moedas']],
    ['rui', []],
    ['admin', ['moedas', 'segredos']],
  ])('names to %s the categories %j among those it left out', async (who, labels) => {
    const ended = run({ status: 'done', progress: { ...run().progress!, leftOut: ['moedas', 'segredos'].map((label) => ({ label, photos: 4, items: 4 })) } });
    ports.runs.get.mockResolvedValue(ended);
    ports.runs.list.mockResolvedValue([run(), ended]);
    const one = (await call('get', `Training/${ended.id}`, who).expect(200)).body;
    const [, listed] = (await call('get', 'Training', who).expect(200)).body;
    for (const answer of [one, listed]) {
      expect(answer.progress.leftOut).toEqual(labels.map((label) => ({ label, photos: 4, items: 4 })));
    }
  });

  it.each([
    ['refused', 'TOO_FEW_PHOTOS', '"segredos" has 2 (3 missing)', 'A training needs more photos in some category; an administrator sees in which'],
    ['refused', 'QUALITY_GATE', 'macro-F1 60.0%: 30.0% worse', 'macro-F1 60.0%: 30.0% worse'],
    ['failed', 'INTERNAL', 'ENOENT: /home/ana/data', 'Something went wrong; an administrator sees what'],
  ] as const)('tells people why it was %s (%s), without what is not theirs', async (status, reasonCode, reason, forPeople) => {
    const ended = run({ status, reasonCode, reason });
    ports.runs.get.mockResolvedValue(ended);
    const reasonTold = async (who: string) => (await call('get', `Training/${ended.id}`, who).expect(200)).body.reason as string;
    expect(await reasonTold('ana')).toBe(forPeople);
    expect(await reasonTold('admin')).toBe(reason);
  });

  it.each([
    ['ana', 'ana', 200],
    ['ana', 'rui', 403],
    ['ana', 'admin', 200],
    [undefined, 'rui', 403],
    [undefined, 'admin', 200],
  ])('one that %s asked for: %s gets %d for cancelling it', async (asker, who, status) => {
    const cancelled = run({ requestedBy: asker === undefined ? undefined : users[asker]?.id });
    ports.runs.get.mockResolvedValue(cancelled);
    ports.runs.cancel.mockResolvedValue({ ...cancelled, status: 'cancelled' });
    await call('delete', `Training/${cancelled.id}`, who).expect(status);
    expect(ports.runs.cancel).toHaveBeenCalledTimes(status === 200 ? 1 : 0);
  });

  it.each([
    ['get', '', 404],
    ['get', '/events', 404],
    ['delete', '', 404],
  ] as const)('knows no other: %s%s', async (method, suffix, status) => {
    ports.runs.get.mockRejectedValue(new TrainingNotFoundError('x'));
    expect((await call(method, `Training/${newId()}${suffix}`, 'admin').expect(status)).body.code).toBe('TRAINING_NOT_FOUND');
    await call(method, `Training/nonsense${suffix}`, 'admin').expect(400);
  });

  it('can\'t cancel what has ended', async () => {
    const ended = run({ status: 'done' });
    ports.runs.get.mockResolvedValue(ended);
    ports.runs.cancel.mockRejectedValue(new TrainingFinishedError(ended));
    expect((await call('delete', `Training/${ended.id}`, 'ana').expect(409)).body.code).toBe('TRAINING_FINISHED');
  });

  it('sends what is true now, each change, and ends with the training', async () => {
    const shown = run();
    const later = { ...shown, progress: { ...shown.progress!, percent: 80 } };
    ports.runs.get
      .mockResolvedValueOnce(shown) // is it there?
      .mockResolvedValueOnce(shown)
      .mockResolvedValueOnce(shown)
      .mockResolvedValueOnce(later)
      .mockResolvedValue({ ...later, status: 'done' });
    const { text, headers } = await call('get', `Training/${shown.id}/events`, 'ana').expect(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    const events = text.split('\n\n').filter(Boolean).map((event) => JSON.parse(event.replace(/^data: /, '')) as { status: string; progress: { percent: number } });
    expect(events.map(({ status, progress }) => [status, progress.percent])).toEqual([['running', 70], ['running', 80], ['done', 80]]);
  });
});

const modelOf = (version: ModelVersion, state: ModelState = 'active'): RegisteredModel => ({
  version,
  state,
  createdAt: new Date('2026-01-01T12:00:00Z'),
  activatedAt: undefined,
  path: modelFolder(version),
  embeddings: modelIndexKey(version),
  reason: 'better',
});
const version = newModelVersion(new Date('2026-01-01T12:00:00Z'), newId());

describe('/api/Models', () => {
  const figures = {
    version,
    runId: newId<TrainingRunId>(),
    metrics: {
      ...{ accuracy: 0.9, loss: 0.3, macroF1: 0.89, ece: 0.04, valAccuracy: 0.88, valLoss: 0.35, temperature: 1.3 },
      perClass: ['moedas', 'segredos', 'selos'].map((label) => ({ label, precision: 1, recall: 1, f1: 1, support: 5 })),
      confusion: [[5, 1, 2], [3, 5, 4], [6, 7, 5]],
    },
    history: [],
    lineage: { backbone: 'net', backboneQuality: 'compact', testSet: 'x', labels: ['moedas', 'segredos', 'selos'], leftOut: ['segredos novos', 'selos'].map((label) => ({ label, photos: 1, items: 1 })) },
    timestamp: new Date(),
  } as unknown as ModelMetrics;

  it('lists versions with their figures, those that lost them too', async () => {
    const lost = newModelVersion(new Date('2025-01-01T12:00:00Z'), newId());
    ports.registry.list.mockResolvedValue([modelOf(version), modelOf(lost, 'retired')]);
    ports.metrics.getMany.mockResolvedValue([figures]);
    const { body } = await call('get', 'Models', 'ana').expect(200);
    expect(body[0]).toEqual({
      ...{ version, state: 'active', createdAt: '2026-01-01T12:00:00.000Z', path: `models/${version}`, embeddings: `models/${version}/embeddings.faiss`, reason: 'better' },
      metrics: { accuracy: 0.9, loss: 0.3, macroF1: 0.89, ece: 0.04, valAccuracy: 0.88, valLoss: 0.35 },
      backbone: { id: 'net', quality: 'compact' },
    });
    expect(body[1]).not.toHaveProperty('metrics');
    expect(body[1]).not.toHaveProperty('backbone');
  });

  it.each([
    ['admin', ['moedas', 'segredos', 'selos'], [[5, 1, 2], [3, 5, 4], [6, 7, 5]]],
    ['ana', ['moedas', 'selos'], [[5, 2], [6, 5]]],
    ['rui', [], []],
  ])('shows %s the classes %j', async (who, labels, rows) => {
    ports.registry.get.mockResolvedValue(modelOf(version));
    ports.metrics.get.mockResolvedValue(figures);
    const { body } = await call('get', `Models/${version}`, who).expect(200);
    expect(body.perClass.map(({ label }: { label: string }) => label)).toEqual(labels);
    expect(body.confusion).toEqual({ labels, rows });
    expect(body.lineage).toMatchObject({ backbone: 'net', labels });
    expect(body.backbone).toEqual({ id: 'net', quality: 'compact' });
    expect(JSON.stringify(body).includes('segredos')).toBe(labels.includes('segredos'));
  });

  describe('/backbone', () => {
    const compact = { id: 'net', quality: 'compact', origin: 'shipped', inputSize: 160 } as const;
    const full = { id: 'net of ImageNet', quality: 'full', origin: 'data folder', inputSize: 224 } as const;
    const asked = async (found: KnownBackbone | Error, active: RegisteredModel | null = modelOf(version)) => {
      ports.registry.active.mockResolvedValue(active ?? undefined);
      ports.metrics.get.mockResolvedValue(figures);
      ports.classifier.backbone.mockImplementation(async () => {
        if (found instanceof Error) {
          throw found;
        }
        return found;
      });
      return (await call('get', 'Models/backbone', 'ana').expect(200)).body;
    };

    it('tells how to get the full one while the compact one is in use', async () => {
      const advice = { code: 'GET_FULL_BACKBONE', message: expect.stringContaining('npm run backbone -- pull, or set OC_BACKBONE to a file') };
      expect(await asked(compact)).toEqual({ modelVersion: version, trainedOn: { id: 'net', quality: 'compact' }, next: compact, differs: false, advice });
    });

    it('tells that the next training brings the full one in', async () => {
      const advice = { code: 'TRAIN_AGAIN', message: expect.any(String) };
      expect(await asked(full)).toEqual({ modelVersion: version, trainedOn: { id: 'net', quality: 'compact' }, next: full, differs: true, advice });
    });

    it('knows the next one alone before the first training', async () => {
      expect(await asked(full, null)).toEqual({ modelVersion: null, next: full });
    });

    it('tells what is kept while the classifier is down', async () => {
      expect(await asked(new ClassifierUnavailableError())).toEqual({ modelVersion: version, trainedOn: { id: 'net', quality: 'compact' } });
    });

    it('is for people who are signed in', async () => {
      await call('get', 'Models/backbone').expect(401);
    });
  });

  it('knows no others', async () => {
    ports.registry.get.mockRejectedValue(new ModelNotFoundError(version));
    ports.metrics.get.mockResolvedValue(undefined);
    await call('get', `Models/${version}`, 'ana').expect(404);
    await call('get', 'Models/v2', 'ana').expect(400);
  });

  it('goes back to a version for an administrator alone, also when another swap comes between', async () => {
    const other = modelOf(newModelVersion(new Date('2026-02-01T12:00:00Z'), newId()));
    await call('post', `Models/${version}/activate`, 'ana').expect(403);
    expect(ports.registry.activate).not.toHaveBeenCalled();
    ports.registry.active.mockResolvedValue(other);
    ports.registry.activate.mockResolvedValueOnce(false).mockResolvedValueOnce(true);
    ports.registry.get.mockResolvedValue(modelOf(version));
    const { body } = await call('post', `Models/${version}/activate`, 'admin').expect(200);
    expect(body).toMatchObject({ version, state: 'active' });
    expect(ports.registry.activate).toHaveBeenCalledTimes(2);
  });

  it('says so when a version can\'t be activated, and does nothing for one that serves', async () => {
    ports.registry.active.mockResolvedValueOnce(undefined);
    ports.registry.activate.mockRejectedValueOnce(new ModelNotActivatableError(version, 'refused'));
    expect((await call('post', `Models/${version}/activate`, 'admin').expect(409)).body.code).toBe('MODEL_NOT_ACTIVATABLE');
    ports.registry.active.mockResolvedValueOnce(modelOf(version));
    await call('post', `Models/${version}/activate`, 'admin').expect(200);
    expect(ports.registry.activate).toHaveBeenCalledTimes(1);
  });
});

describe('POST /api/UpdateModelVersion', () => {
  const announcement = { modelPath: modelFolder(version), embeddings: modelIndexKey(version) };
  const announce = (body: object = announcement, token = SERVICE_TOKEN) => call('post', 'UpdateModelVersion', token).send(body);
  beforeEach(() => {
    ports.store.head.mockResolvedValue({} as StoredObject);
    ports.metrics.scorecard.mockResolvedValue({ version, macroF1: 0.9, testSet: 'x', perClass: ['a', 'b'].map((label) => ({ label, f1: 0.9, support: 5 })) });
    ports.registry.register.mockResolvedValue(modelOf(version, 'candidate'));
    ports.registry.active.mockResolvedValue(undefined);
    ports.registry.activate.mockResolvedValue(true);
    ports.registry.get.mockRejectedValueOnce(new ModelNotFoundError(version)).mockResolvedValue(modelOf(version, 'active'));
  });

  it('lets a version through the gate', async () => {
    expect((await announce().expect(200)).body).toEqual({ version, state: 'active', reason: 'better' });
    expect(ports.registry.activate).toHaveBeenCalledOnce();
  });

  it.each(['active', 'retired', 'refused', 'removed'] as const)('answers what became of a version that is %s already, and judges it no more', async (state) => {
    ports.registry.get.mockReset().mockResolvedValue(modelOf(version, state));
    ports.store.head.mockResolvedValue(undefined); // its files may be gone
    expect((await announce().expect(200)).body).toEqual({ version, state, reason: 'better' });
    expect(ports.registry.register).not.toHaveBeenCalled();
    expect(ports.registry.activate).not.toHaveBeenCalled();
  });

  it.each(['', 'ana', 'admin', `${SERVICE_TOKEN}x`])('is for services alone, not for "%s"', async (token) => {
    await announce(announcement, token).expect(401);
    expect(ports.registry.register).not.toHaveBeenCalled();
  });

  it.each([
    [{ modelPath: 'models/v2', embeddings: announcement.embeddings }],
    [{ modelPath: `../${modelFolder(version)}`, embeddings: announcement.embeddings }],
    [{ ...announcement, embeddings: 'models/other/embeddings.faiss' }],
    [{ modelPath: announcement.modelPath }],
    [{ ...announcement, more: 1 }],
  ])('refuses %j', async (body) => {
    expect((await announce(body).expect(400)).body.code).toBe('INVALID_INPUT');
    expect(ports.registry.register).not.toHaveBeenCalled();
  });

  it('refuses a version whose files are not there', async () => {
    ports.store.head.mockResolvedValue(undefined);
    expect((await announce().expect(422)).body.code).toBe('MODEL_FILES_INVALID');
  });

  it('refuses a version without figures', async () => {
    ports.metrics.scorecard.mockResolvedValue(undefined);
    expect((await announce().expect(404)).body.code).toBe('MODEL_NOT_FOUND');
  });
});
