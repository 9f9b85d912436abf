import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ClassifyAnswer } from '@repo/contracts';
import { CollectionDatabase, LearningDatabase, openDatabase, runMigrations } from '@repo/database';
import { startScratchDatabase } from '@repo/database/testing';
import { prepareHttp } from '@repo/http';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { collectionEntities, collectionMigrations, learningEntities, learningMigrations } from '@repo/recognition-data-access';
import { ClassifierUpkeep } from '@repo/recognition-feature-classify';
import { ObjectStore } from '@repo/storage';
import sharp from 'sharp';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { classifierConfig } from './classifier-config.js';
import { ClassifierModule } from './classifier.module.js';

const TOKEN = 'service-token-of-at-least-32-letters';
const [ana, rui] = [newId<UserId>(), newId<UserId>()];
let folder: string;
let app: NestExpressApplication;
let store: ObjectStore;
const collection = (sql: string, parameters: unknown[]) => app.get(CollectionDatabase).source.query(sql, parameters) as Promise<unknown[]>;

/** The service as it runs, with a network of random weights, which tells colours apart. */
beforeAll(async () => {
  const [collectionUrl, learningUrl] = [await migrated(collectionEntities, collectionMigrations), await migrated(learningEntities, learningMigrations)];
  folder = await mkdtemp(path.join(tmpdir(), 'classifier-'));
  const config = classifierConfig.parse({
    COLLECTION_DATABASE_URL: collectionUrl,
    LEARNING_DATABASE_URL: learningUrl,
    OC_SERVICE_TOKEN: TOKEN,
    OC_LINK_SECRET: 'x'.repeat(32),
    OC_DATA_DIR: folder,
    OC_OBJECTS_DIR: path.join(folder, 'objects'),
    OC_MODEL_CACHE_DIR: path.join(folder, 'models'),
    OC_CLASSIFIER_THREADS: 1,
    OC_CLASSIFIER_QUEUE: 8,
  });
  const source = await openDatabase(collectionUrl, { entities: [], migrations: [] });
  // The collection's tables, as far as the classifier reads them.
  await source.query('CREATE TABLE "Categoria" ("id" uuid, "ownerId" uuid, "nome" varchar, "nomeNormalizado" varchar)');
  await source.query('CREATE TABLE "Items" ("id" uuid, "ownerId" uuid, "nome" varchar, "categoriaId" uuid)');
  await source.query('CREATE TABLE "Fotos" ("id" uuid, "itemId" uuid, "ownerId" uuid, "caminho" varchar, "sha256" varchar, "createdAt" timestamptz(3))');
  await source.query('CREATE TABLE "RemovedPhotos" ("photoId" uuid, "itemId" uuid, "removedAt" timestamptz(3))');
  await source.destroy();
  app = await NestFactory.create<NestExpressApplication>(ClassifierModule.forRoot(config), { logger: false, bodyParser: false });
  prepareHttp(app, { corsOrigins: [] });
  await app.listen(0, '127.0.0.1');
  await app.get(ClassifierUpkeep).firstReady;
  store = app.get(ObjectStore);
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

async function migrated(entities: typeof collectionEntities, migrations: typeof collectionMigrations): Promise<string> {
  const { url } = await startScratchDatabase();
  const source = await openDatabase(url, { entities, migrations });
  await runMigrations(source);
  await source.destroy();
  return url;
}

const stripes = (colour: string, background: string) =>
  sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="300" height="300" fill="${background}"/><path d="M0 75h300M0 150h300M0 225h300" stroke="${colour}" stroke-width="30"/></svg>`))
    .jpeg()
    .toBuffer();

/** As the backend stores an item with one photo. */
async function keepItem(ownerId: UserId, nome: string, photo: Buffer): Promise<{ itemId: ItemId; photoId: PhotoId }> {
  const [categoryId, itemId, photoId] = [newId(), newId<ItemId>(), newId<PhotoId>()];
  const key = `item/${itemId}/${photoId}.jpg`;
  await store.put('original', key, photo, 'image/jpeg');
  await collection('INSERT INTO "Categoria" VALUES ($1, $2, $3, $3)', [categoryId, ownerId, 'bandeiras']);
  await collection('INSERT INTO "Items" VALUES ($1, $2, $3, $4)', [itemId, ownerId, nome, categoryId]);
  await collection('INSERT INTO "Fotos" VALUES ($1, $2, $3, $4, $5, now())', [photoId, itemId, ownerId, key, createHash('sha256').update(photo).digest('hex')]);
  return { itemId, photoId };
}

async function removeItem({ itemId, photoId }: { itemId: ItemId; photoId: PhotoId }): Promise<void> {
  await collection('DELETE FROM "Fotos" WHERE "id" = $1', [photoId]);
  await collection('DELETE FROM "Items" WHERE "id" = $1', [itemId]);
  await collection('INSERT INTO "RemovedPhotos" VALUES ($1, $2, now())', [photoId, itemId]);
}

async function classify(photo: Buffer, change: object = {}): Promise<{ status: number; body: ClassifyAnswer & { code?: string } }> {
  const imagePath = `uploads/${newId()}.jpg`;
  await store.put('temp', imagePath, photo, 'image/jpeg');
  return ask({ imagePath, ownerId: ana, ...change });
}
const ask = (body: object, token = TOKEN) => request(app.getHttpServer()).post('/classify').set('Authorization', `Bearer ${token}`).send(body);
const names = async (photo: Buffer) => (await classify(photo)).body.semelhantes.map(({ nome }) => nome);
const withinFiveSeconds = { timeout: 5_000, interval: 100 };

describe('before any training', () => {
  it('finds a photo seconds after its upload, the most alike first, and forgets it seconds after its removal', async () => {
    const [red, blue] = [await stripes('red', 'white'), await stripes('navy', 'gold')];
    const item = await keepItem(ana, 'red stripes', red);
    await keepItem(ana, 'blue stripes', blue);
    await keepItem(rui, 'somebody else\'s', red);
    await expect.poll(() => names(red), withinFiveSeconds).toEqual(['red stripes', 'blue stripes']);

    const { status, body } = await classify(red);
    expect(status).toBe(200);
    expect(body).toMatchObject({ classe: null, confianca: 0, probabilities: {}, modelVersion: null, semelhantes: [{ itemId: item.itemId, fotoId: item.photoId }, {}] });
    expect(body.semelhantes[0]?.distancia).toBeCloseTo(0, 3);
    expect(body.semelhantes[1]?.distancia).toBeGreaterThan(body.semelhantes[0]!.distancia);
    expect(Math.hypot(...(body.embedding ?? []))).toBeCloseTo(1, 4);

    await removeItem(item);
    await expect.poll(() => names(red), withinFiveSeconds).toEqual(['blue stripes']);
    const vectors = () => app.get(LearningDatabase).source.query('SELECT photo_id FROM photo_embeddings WHERE photo_id = $1', [item.photoId]);
    await expect.poll(vectors, withinFiveSeconds).toEqual([]);
  });
});

describe('bad requests', () => {
  it.each([
    ['no such upload', { imagePath: 'uploads/none.jpg' }, 404, 'OBJECT_NOT_FOUND'],
    ['a path out of the folder', { imagePath: '../original/item/1.jpg' }, 400, 'INVALID_INPUT'],
    ['no path', {}, 400, 'INVALID_INPUT'],
    ['an owner that is no id', { imagePath: 'uploads/none.jpg', ownerId: 'ana' }, 400, 'INVALID_INPUT'],
    ['too many neighbours', { imagePath: 'uploads/none.jpg', k: 51 }, 400, 'INVALID_INPUT'],
  ])('%s', async (_, request, status, code) => {
    const answer = await ask(request);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('refuses what is no picture', async () => {
    const { status, body } = await classify(Buffer.from('not a photo'));
    expect([status, body.code]).toEqual([422, 'PHOTO_UNREADABLE']);
  });

  it.each(['', 'wrong', `${TOKEN}x`])('is for services alone, not for "%s"', async (token) => {
    expect((await ask({ imagePath: 'uploads/none.jpg' }, token)).status).toBe(401);
  });
});

it('tells services which version it serves', async () => {
  const version = (token: string) => request(app.getHttpServer()).get('/version').set('Authorization', `Bearer ${token}`);
  expect((await version(TOKEN)).body).toEqual({ modelVersion: null });
  expect((await version('wrong')).status).toBe(401);
});

it('tells the surplus to come again, and answers the rest', async () => {
  const imagePath = 'uploads/popular.jpg';
  await store.put('temp', imagePath, await sharp(await stripes('green', 'black')).resize(3_000).jpeg().toBuffer(), 'image/jpeg');
  const statuses = (await Promise.all(Array.from({ length: 60 }, () => ask({ imagePath })))).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect((await ask({ imagePath })).status).toBe(200);
});

it('says how it is, and what it did', async () => {
  const get = (page: string) => request(app.getHttpServer()).get(page);
  expect((await get('/health/ready')).body).toMatchObject({ status: 'ok', parts: [{}, {}, {}, { name: 'network', state: 'ok' }, { name: 'index', state: 'ok' }] });
  const { text } = await get('/metrics');
  for (const line of [/^classify_stage_seconds_count\{stage="queue"\} \d+/m, /^classify_stage_seconds_count\{stage="forward"\} \d+/m, /^classifier_index_vectors 2$/m, /^classifier_version\{version="none"\} 1/m]) {
    expect(text).toMatch(line);
  }
});
