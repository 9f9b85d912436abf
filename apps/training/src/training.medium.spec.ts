import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CollectionDatabase, LearningDatabase, openDatabase } from '@repo/database';
import { startDatabaseWithTables } from '@repo/database/testing';
import { newId, type TrainingRunId } from '@repo/kernel';
import { consumeMessages } from '@repo/messaging';
import { collectionEntities, collectionMigrations, learningEntities, learningMigrations } from '@repo/recognition-data-access';
import { isFinished, modelFolder, ModelMetricsStore, TrainingRuns, verifyModelFiles, type TrainingRun } from '@repo/recognition-domain';
import { ObjectStore, type Bucket } from '@repo/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { trainingConfig } from './training-config.js';
import { TrainingModule } from './training.module.js';

/** A training of 14 photos takes 2 s, on a busy machine far longer. */
vi.setConfig({ testTimeout: 120_000 });

const TOKEN = 'service-token-of-at-least-32-letters';
let folder: string;
let app: INestApplication;
let backend: Server;
let served: string | null = null;
const announced: { authorization: string | undefined; body: unknown }[] = [];

/** The service as it runs, with the backbone that comes with the platform; the backend lets every version through, the classifier serves it at once. */
beforeAll(async () => {
  backend = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.url === '/version') {
        response.end(JSON.stringify({ modelVersion: served }));
        return;
      }
      const body = JSON.parse(text) as { modelPath: string };
      announced.push({ authorization: request.headers.authorization, body });
      served = path.basename(body.modelPath);
      response.end(JSON.stringify({ version: served, state: 'active', reason: 'the first' }));
    });
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const others = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const [collectionUrl, learningUrl] = [
    await startDatabaseWithTables({ entities: collectionEntities, migrations: collectionMigrations }),
    await startDatabaseWithTables({ entities: learningEntities, migrations: learningMigrations }),
  ];
  folder = await mkdtemp(path.join(tmpdir(), 'training-'));
  const config = trainingConfig.parse({
    COLLECTION_DATABASE_URL: collectionUrl,
    LEARNING_DATABASE_URL: learningUrl,
    MESSAGES_URL: learningUrl,
    OC_BACKEND_URL: others,
    OC_CLASSIFIER_URL: others,
    OC_SERVICE_TOKEN: TOKEN,
    OC_LINK_SECRET: 'x'.repeat(32),
    OC_DATA_DIR: folder,
    OC_OBJECTS_DIR: path.join(folder, 'objects'),
  });
  await withTables(collectionUrl, [
    'CREATE TABLE "Categoria" ("id" uuid, "ownerId" uuid, "nome" varchar, "nomeNormalizado" varchar)',
    'CREATE TABLE "Items" ("id" uuid, "ownerId" uuid, "nome" varchar, "categoriaId" uuid)',
    'CREATE TABLE "Fotos" ("id" uuid, "itemId" uuid, "ownerId" uuid, "caminho" varchar, "sha256" varchar, "createdAt" timestamptz(3))',
  ]);
  await withTables(learningUrl, [
    'CREATE TABLE augmentation_jobs (job_id uuid PRIMARY KEY, photo_id uuid UNIQUE, status text, bad_quality boolean)',
    'CREATE TABLE augmentation_results (job_id uuid, photo_id uuid, transform text, params_hash text, object_key text, sha256 text, state text)',
    'CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY, removed_at timestamptz)',
  ]);
  app = await NestFactory.create(TrainingModule.forRoot(config, { once: false }), { logger: false, bodyParser: false });
  await consumeMessages(app);
  await app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app?.close();
  backend?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Other subjects' tables, as far as training reads them. */
async function withTables(url: string, statements: string[]): Promise<void> {
  const source = await openDatabase(url, { entities: [], migrations: [] });
  for (const statement of statements) {
    await source.query(statement);
  }
  await source.destroy();
}

const collection = (sql: string, parameters: unknown[]) => app.get(CollectionDatabase).source.query(sql, parameters);
const learning = (sql: string, parameters: unknown[] = []) => app.get(LearningDatabase).source.query(sql, parameters) as Promise<Record<string, unknown>[]>;
async function keep(bucket: Bucket, key: string, photo: Buffer): Promise<string> {
  await app.get(ObjectStore).put(bucket, key, photo, 'image/jpeg');
  return createHash('sha256').update(photo).digest('hex');
}

/** An item with one photo and one variant, as backend and augmentation leave it. */
async function keepItem(categoryId: string, hue: number): Promise<string> {
  const [ownerId, itemId, photoId, jobId] = [newId(), newId(), newId(), newId()];
  const picture = sharp({ create: { width: 96, height: 96, channels: 3, background: `hsl(${hue} 80% ${30 + Math.floor(Math.random() * 40)}%)`, noise: { type: 'gaussian', mean: 128, sigma: 20 } } })
    .composite([{ input: Buffer.from(`<svg width="96" height="96"><rect width="96" height="96" fill="hsl(${hue} 80% 50%)" fill-opacity=".8"/></svg>`) }]);
  const [original, variant] = [await picture.clone().jpeg().toBuffer(), await picture.clone().flip().jpeg().toBuffer()];
  const [key, variantKey] = [`item/${itemId}/${photoId}.jpg`, `training/${photoId}/flip.jpg`];
  await collection('INSERT INTO "Items" VALUES ($1, $2, $3, $4)', [itemId, ownerId, 'item', categoryId]);
  await collection('INSERT INTO "Fotos" VALUES ($1, $2, $3, $4, $5, now())', [photoId, itemId, ownerId, key, await keep('original', key, original)]);
  await learning('INSERT INTO augmentation_jobs VALUES ($1, $2, $3, false)', [jobId, photoId, 'success']);
  await learning('INSERT INTO augmentation_results VALUES ($1, $2, $3, $4, $5, $6, $7)', [jobId, photoId, 'flip', 'h', variantKey, await keep('processed', variantKey, variant), 'valid']);
  return photoId;
}

async function trained(id: TrainingRunId): Promise<TrainingRun> {
  await expect.poll(async () => isFinished((await app.get(TrainingRuns).get(id)).status), { timeout: 100_000, interval: 100 }).toBe(true);
  return app.get(TrainingRuns).get(id);
}
const request = () => app.get(TrainingRuns).request({ motive: 'by hand', requestedBy: undefined, at: new Date() });

it('refuses a collection with one category, and says what is missing', async () => {
  const category = newId();
  await collection('INSERT INTO "Categoria" VALUES ($1, $2, $3, $4)', [category, newId(), 'Vermelho', 'vermelho']);
  for (let i = 0; i < 7; i += 1) {
    await keepItem(category, 0);
  }
  const run = await trained((await request()).id);
  expect(run).toMatchObject({ status: 'refused', reasonCode: 'TOO_FEW_CATEGORIES', modelVersion: undefined });
});

it('goes from photos to an announced version with whole files', async () => {
  const category = newId();
  await collection('INSERT INTO "Categoria" VALUES ($1, $2, $3, $4)', [category, newId(), 'Azul', 'azul']);
  for (let i = 0; i < 7; i += 1) {
    await keepItem(category, 220);
  }
  const run = await trained((await request()).id);
  expect(run).toMatchObject({ status: 'done', reason: 'the first', progress: { percent: 100, photos: 14, categories: 2, images: 28, embedded: 28 } });
  expect(run.progress?.epochs.length).toBeGreaterThan(0);

  const version = run.modelVersion!;
  expect(announced).toEqual([{ authorization: `Bearer ${TOKEN}`, body: { modelPath: `models/${version}`, embeddings: `models/${version}/embeddings.faiss` } }]);
  const { manifest, files } = await verifyModelFiles(version, (name) => app.get(ObjectStore).get('models', `${modelFolder(version)}/${name}`));
  expect(manifest).toMatchObject({ classes: 2, vectors: 14 });
  expect(JSON.parse(String(files.get('labels.json')))).toEqual(['azul', 'vermelho']);
  expect(await app.get(ModelMetricsStore).get(version)).toMatchObject({ runId: run.id, metrics: { macroF1: 1 }, lineage: { labels: ['azul', 'vermelho'], backboneQuality: 'compact' } });
});

it('embeds nothing that it has embedded before', async () => {
  const before = await learning('SELECT count(*)::integer AS count FROM embedding_cache');
  expect(before).toEqual([{ count: 28 }]);
  await trained((await request()).id);
  expect(await learning('SELECT count(*)::integer AS count FROM embedding_cache')).toEqual(before);
});

it('waits for the variants of earlier photos', async () => {
  const photoId = newId();
  await collection('INSERT INTO "Fotos" VALUES ($1, $2, $2, $3, $3, now())', [photoId, newId(), 'x']);
  const { id } = await request();
  await expect.poll(async () => (await app.get(TrainingRuns).get(id)).progress, { timeout: 5_000 }).toMatchObject({ phase: 'waiting', photosAugmenting: 1 });
  expect((await app.get(TrainingRuns).get(id)).status).toBe('queued');
  await learning('INSERT INTO augmentation_jobs VALUES ($1, $2, $3, true)', [newId(), photoId, 'failed']);
  expect((await trained(id)).status).toBe('done');
});

it('says how it is', async () => {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const get = (page: string) => fetch(`http://127.0.0.1:${port}/${page}`);
  expect(await (await get('health/ready')).json()).toMatchObject({ status: 'ok' });
  expect(await (await get('metrics')).text()).toMatch(/^trainings_finished_total\{status="done"\} 3/m);
});
