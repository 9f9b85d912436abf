import { createHash } from 'node:crypto';
import type { ClassifyAnswer } from '@repo/contracts';
import { LearningDatabase } from '@repo/database';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClassifierUnderTest, TOKEN } from './classifier-under-test.js';

const [ana, rui] = [newId<UserId>(), newId<UserId>()];
let classifier: ClassifierUnderTest;

beforeAll(async () => {
  classifier = await ClassifierUnderTest.start();
});
afterAll(() => classifier?.stop());

const stripes = (colour: string, background: string) =>
  sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="300" height="300" fill="${background}"/><path d="M0 75h300M0 150h300M0 225h300" stroke="${colour}" stroke-width="30"/></svg>`))
    .jpeg()
    .toBuffer();

/** As the backend stores an item with one photo. */
async function keepItem(ownerId: UserId, nome: string, photo: Buffer): Promise<{ itemId: ItemId; photoId: PhotoId }> {
  const [categoryId, itemId, photoId] = [newId(), newId<ItemId>(), newId<PhotoId>()];
  const key = `item/${itemId}/${photoId}.jpg`;
  await classifier.store.put('original', key, photo, 'image/jpeg');
  await classifier.query('INSERT INTO "Categoria" VALUES ($1, $2, $3, $3)', [categoryId, ownerId, 'bandeiras']);
  await classifier.query('INSERT INTO "Items" VALUES ($1, $2, $3, $4)', [itemId, ownerId, nome, categoryId]);
  await classifier.query('INSERT INTO "Fotos" VALUES ($1, $2, $3, $4, $5, now())', [photoId, itemId, ownerId, key, createHash('sha256').update(photo).digest('hex')]);
  return { itemId, photoId };
}

async function removeItem({ itemId, photoId }: { itemId: ItemId; photoId: PhotoId }): Promise<void> {
  await classifier.query('DELETE FROM "Fotos" WHERE "id" = $1', [photoId]);
  await classifier.query('DELETE FROM "Items" WHERE "id" = $1', [itemId]);
  await classifier.query('INSERT INTO "RemovedPhotos" VALUES ($1, $2, now())', [photoId, itemId]);
}

async function classify(photo: Buffer, change: object = {}): Promise<{ status: number; body: ClassifyAnswer & { code?: string } }> {
  const imagePath = `uploads/${newId()}.jpg`;
  await classifier.store.put('temp', imagePath, photo, 'image/jpeg');
  return classifier.ask({ imagePath, ownerId: ana, ...change });
}
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
    const vectors = () => classifier.app.get(LearningDatabase).source.query('SELECT photo_id FROM photo_embeddings WHERE photo_id = $1', [item.photoId]);
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
    const answer = await classifier.ask(request);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('refuses what is no picture', async () => {
    const { status, body } = await classify(Buffer.from('not a photo'));
    expect([status, body.code]).toEqual([422, 'PHOTO_UNREADABLE']);
  });

  it.each(['', 'wrong', `${TOKEN}x`])('is for services alone, not for "%s"', async (token) => {
    expect((await classifier.ask({ imagePath: 'uploads/none.jpg' }, token)).status).toBe(401);
  });
});

it('tells services which version it serves', async () => {
  expect((await classifier.get('/version', TOKEN)).body).toMatchObject({ modelVersion: null });
  expect((await classifier.get('/version', 'wrong')).status).toBe(401);
});

it('tells the surplus to come again, and answers the rest', async () => {
  const imagePath = 'uploads/popular.jpg';
  await classifier.store.put('temp', imagePath, await sharp(await stripes('green', 'black')).resize(3_000).jpeg().toBuffer(), 'image/jpeg');
  const statuses = (await Promise.all(Array.from({ length: 60 }, () => classifier.ask({ imagePath })))).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect((await classifier.ask({ imagePath })).status).toBe(200);
});

it('says how it is, and what it did', async () => {
  expect((await classifier.get('/health/ready')).body).toMatchObject({ status: 'ok', parts: [{}, {}, {}, { name: 'network', state: 'ok' }, { name: 'index', state: 'ok' }] });
  const { text } = await classifier.get('/metrics');
  for (const line of [/^classify_stage_seconds_count\{stage="queue"\} \d+/m, /^classify_stage_seconds_count\{stage="forward"\} \d+/m, /^classifier_index_vectors 2$/m, /^classifier_version\{version="none"\} 1/m]) {
    expect(text).toMatch(line);
  }
});
