import { imageAugmentations, photoRemovals } from '@repo/contracts';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { BackendUnderTest, type Person } from './backend-under-test.js';

// Two backends that take a message without a trace for lost after 0.6 s, and look for it each 0.3 s.
const LOST_AFTER_MS = 600;
let backends: BackendUnderTest[];
let backend: BackendUnderTest;
let ana: Person;

beforeAll(async () => {
  const settings = { OC_LOST_AFTER_MINUTES: String(LOST_AFTER_MS / 60_000) };
  backend = await BackendUnderTest.start(settings);
  const urlOf = (database: CollectionDatabase | LearningDatabase) => (database.source.options as { url: string }).url;
  const learning = urlOf(backend.app.get(LearningDatabase));
  const shared = { COLLECTION_DATABASE_URL: urlOf(backend.app.get(CollectionDatabase)), LEARNING_DATABASE_URL: learning, MESSAGES_URL: learning };
  backends = [backend, await BackendUnderTest.start({ ...settings, ...shared })];
  // What the augmentation leaves behind, as far as it counts here.
  await learn('CREATE TABLE augmentation_jobs (photo_id uuid PRIMARY KEY, status text NOT NULL, lease_until timestamptz NOT NULL, error_type text)');
  await learn('CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY)');
  ana = await backend.person('ana');
});
afterAll(() => Promise.all(backends.map((one) => one.stop())));
beforeEach(async () => {
  await backend.query('DELETE FROM "Outbox"');
  await loseMessages();
});

const learn = <Row>(sql: string, parameters: unknown[] = []) => backend.app.get(LearningDatabase).source.query(sql, parameters) as Promise<Row[]>;
const loseMessages = () => learn('DELETE FROM messages.job');
/** Of every queue: id and text. */
const messages = () => learn<{ id: string; text: string }>(`SELECT id, data->>'text' AS text FROM messages.job WHERE name = ANY($1) ORDER BY id`, [[imageAugmentations.queue, photoRemovals.queue]]);
const photo = () => sharp({ create: { width: 60, height: 40, channels: 3, background: '#a04030' } }).jpeg().toBuffer();

/** Uploads an item and answers the ids of its photos, once their messages wait. */
async function uploaded(photos: number): Promise<{ itemId: string; fotoIds: string[] }> {
  const { body } = await backend.createItem(ana, await Promise.all(Array.from({ length: photos }, photo))).expect(201);
  await vi.waitFor(async () => expect(await messages()).toHaveLength(photos), 20_000);
  return body;
}
/** Time for several looks. */
const looks = () => new Promise((resolve) => setTimeout(resolve, 4 * LOST_AFTER_MS));

it('fills a queue again that lost its messages, each once, under new ids', async () => {
  const { fotoIds } = await uploaded(10);
  const before = await messages();
  await loseMessages();
  await vi.waitFor(async () => expect(await messages()).toHaveLength(10), { timeout: 20_000, interval: 20 });
  await looks();
  const after = await messages();
  expect(after.map(({ text }) => JSON.parse(text).body.fotoId).sort()).toEqual([...fotoIds].sort());
  expect(after.map(({ id }) => id).filter((id) => before.some((one) => one.id === id))).toEqual([]);
});

it('never doubles what waits, however long', async () => {
  await uploaded(5);
  const before = await messages();
  await looks();
  expect(await messages()).toEqual(before);
});

it('leaves a running job alone, and takes it up when its worker is gone', async () => {
  const { fotoIds } = await uploaded(1);
  await learn(`INSERT INTO augmentation_jobs VALUES ($1, 'processing', now() + interval '1 h')`, fotoIds);
  await loseMessages();
  await looks();
  expect(await messages()).toEqual([]);
  await learn('UPDATE augmentation_jobs SET lease_until = now()');
  await vi.waitFor(async () => expect(await messages()).toHaveLength(1), { timeout: 20_000, interval: 20 });
});

it('has a deleted photo cleared away whose removal was lost, until it is', async () => {
  const { itemId, fotoIds } = await uploaded(1);
  await backend.call('delete', `/api/Items/${itemId}`, ana).expect(204);
  await vi.waitFor(async () => expect(await messages()).toHaveLength(2), 20_000);
  await loseMessages();
  await vi.waitFor(async () => expect(await messages()).toHaveLength(1), { timeout: 20_000, interval: 20 });
  await learn('INSERT INTO removed_photos VALUES ($1)', fotoIds);
  await loseMessages();
  await looks();
  expect(await messages()).toEqual([]);
});
