import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ImageProcessPool, learningEntities, learningMigrations } from '@repo/augmentation-data-access';
import { PhotoRenderer } from '@repo/augmentation-domain';
import { imageAugmentations, modelTraining, photoRemovals, type MessageOf } from '@repo/contracts';
import { LearningDatabase } from '@repo/database';
import { startDatabaseWithTables } from '@repo/database/testing';
import { newId } from '@repo/kernel';
import { consumeMessages, MessageBus } from '@repo/messaging';
import { PgBossMessageBus } from '@repo/messaging/embedded';
import { ObjectStore } from '@repo/storage';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { augmentationsConfig } from './augmentations-config.js';
import { AugmentationsModule } from './augmentations.module.js';

let folder: string;
let app: INestApplication;
let bus: MessageBus;
let store: ObjectStore;
const query = <Row>(sql: string, parameters: unknown[] = []) => app.get(LearningDatabase).source.query(sql, parameters) as Promise<Row[]>;

/** The service as it runs, but for waits of milliseconds between attempts and a worker that some photos can bring down. */
beforeAll(async () => {
  const url = await startDatabaseWithTables({ entities: learningEntities, migrations: learningMigrations });
  folder = await mkdtemp(path.join(tmpdir(), 'augmentations-'));
  const config = augmentationsConfig.parse({
    LEARNING_DATABASE_URL: url,
    MESSAGES_URL: url,
    OC_OBJECTS_DIR: path.join(folder, 'objects'),
    OC_LINK_SECRET: 'x'.repeat(32),
    OC_VARIANT_LONG_SIDE: 200,
  });
  const workerFile = path.join(folder, 'tricky.worker.mjs');
  const realWorker = import.meta.resolve('@repo/augmentation-data-access').replace(/(src|dist)\/index\.[jt]s$/, 'dist/rendering/render.worker.js');
  await writeFile(
    workerFile,
    `const { emit } = process;
     process.emit = function (event, message, ...rest) {
       if (event === 'message' && message.order.category === 'Crash') process.kill(process.pid, 'SIGSEGV');
       return emit.call(this, event, message, ...rest);
     };
     await import(${JSON.stringify(realWorker)});`,
  );
  const testing = await Test.createTestingModule({ imports: [AugmentationsModule.forRoot(config)] })
    .overrideProvider(MessageBus)
    .useFactory({ factory: () => PgBossMessageBus.open({ url, retries: { waitsMs: [50, 50], jitter: 0 } }) })
    .overrideProvider(ImageProcessPool)
    .useFactory({ factory: () => new ImageProcessPool({ workers: 2, format: { longSide: 200, jpegQuality: 90 }, workerFile }) })
    .compile();
  app = testing.createNestApplication({ logger: false });
  expect(app.get(PhotoRenderer)).toBe(app.get(ImageProcessPool));
  await consumeMessages(app);
  await app.listen(0, '127.0.0.1');
  [bus, store] = [app.get(MessageBus), app.get(ObjectStore)];
});
afterAll(async () => {
  await app?.close();
  await rm(folder, { recursive: true, force: true });
});

function photo(): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width: 320, height: 240, channels: 3, background: '#888', noise } }).jpeg().toBuffer();
}

/** Stores a photo as the backend does, and answers the message about it. */
async function upload(bytes: Buffer, categoria = 'Minerais'): Promise<MessageOf<typeof imageAugmentations>> {
  const [itemId, fotoId] = [newId(), newId()] as string[];
  const fotoCaminho = `item/${itemId}/${fotoId}.jpg`;
  await store.put('original', fotoCaminho, bytes, 'image/jpeg');
  return { itemId: itemId!, fotoId: fotoId!, userId: newId(), fotoCaminho, categoria, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function variantsOf(fotoId: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('processed', 'training/')) {
    if (key.includes(fotoId)) {
      found.push(`${key.split('/').at(-1)} ${(await store.head('processed', key))?.sha256}`);
    }
  }
  return found.sort();
}

const statusOf = async (fotoId: string) => (await query<{ status: string }>('SELECT status FROM augmentation_jobs WHERE photo_id = $1', [fotoId]))[0]?.status;
const isSettled = async (queue: string = imageAugmentations.queue) => {
  const { waiting, running = 0 } = await bus.depth(queue);
  return waiting + running === 0;
};
const eventually = { timeout: 30_000, interval: 20 };

it('makes nine variants, writes their rows and tells the training', async () => {
  const body = await upload(await photo());
  await bus.publish(imageAugmentations, body);
  await expect.poll(() => statusOf(body.fotoId), eventually).toBe('success');
  await expect.poll(async () => (await bus.depth(modelTraining.queue)).waiting, eventually).toBe(1);
  expect(await variantsOf(body.fotoId)).toHaveLength(9);
  const rows = await query<{ object_key: string; sha256: string }>('SELECT object_key, sha256 FROM augmentation_results WHERE photo_id = $1', [body.fotoId]);
  expect(rows.map(({ object_key, sha256 }) => `${object_key.split('/').at(-1)} ${sha256}`).sort()).toEqual(await variantsOf(body.fotoId));
});

it('does nothing twice, and the same again when it has to', async () => {
  const body = await upload(await photo());
  const messageId = newId();
  await bus.publish(imageAugmentations, body, { messageId });
  await expect.poll(() => statusOf(body.fotoId), eventually).toBe('success');
  const first = await variantsOf(body.fotoId);
  await bus.publish(imageAugmentations, body, { messageId });
  await bus.publish(imageAugmentations, body);
  await expect.poll(() => isSettled(), eventually).toBe(true);
  expect(await query('SELECT attempts FROM augmentation_jobs WHERE photo_id = $1', [body.fotoId])).toEqual([{ attempts: 1 }]);

  // All that was made is lost, and the message is sent again by hand.
  for await (const { key } of store.list('processed', 'training/minerais/')) {
    await store.remove('processed', key);
  }
  await query(`UPDATE augmentation_jobs SET status = 'failed' WHERE photo_id = $1`, [body.fotoId]);
  await bus.publish(imageAugmentations, body);
  await expect.poll(() => statusOf(body.fotoId), eventually).toBe('success');
  expect(await variantsOf(body.fotoId)).toEqual(first);
});

it('buries a photo that brings three processes down, and finishes its nine neighbours', async () => {
  const { dead } = await bus.depth(imageAugmentations.queue);
  const bodies = [await upload(await photo(), 'Crash')];
  for (let neighbour = 0; neighbour < 9; neighbour++) {
    bodies.push(await upload(await photo()));
  }
  await Promise.all(bodies.map((body) => bus.publish(imageAugmentations, body)));
  await expect.poll(async () => (await bus.depth(imageAugmentations.queue)).dead, eventually).toBe(dead + 1);
  await expect.poll(() => isSettled(), eventually).toBe(true);
  const [crashed, ...neighbours] = await Promise.all(bodies.map(({ fotoId }) => statusOf(fotoId)));
  expect(crashed).toBe('failed');
  expect(neighbours).toEqual(Array.from({ length: 9 }, () => 'success'));
  const [job] = await query('SELECT attempts, error_type, error_message FROM augmentation_jobs WHERE photo_id = $1', [bodies[0]!.fotoId]);
  expect(job).toMatchObject({ attempts: 3, error_type: 'render_crashed', error_message: expect.stringContaining(bodies[0]!.fotoId) as string });
});

it.each([
  ['text', () => Promise.resolve(Buffer.from('not a photo')), 'photo_unreadable'],
  ['half a photo', async () => (await photo()).subarray(0, 4_000), 'photo_unreadable'],
])('buries %s at once', async (_, make, errorType) => {
  const body = await upload(await make());
  await bus.publish(imageAugmentations, body);
  await expect.poll(() => statusOf(body.fotoId), eventually).toBe('failed');
  expect(await query('SELECT attempts, error_type FROM augmentation_jobs WHERE photo_id = $1', [body.fotoId])).toEqual([{ attempts: 1, error_type: errorType }]);
});

it('leaves nothing of a photo that is deleted, whenever that happens', async () => {
  const bodies: MessageOf<typeof imageAugmentations>[] = [];
  for (let round = 0; round < 8; round++) {
    const body = await upload(await photo());
    bodies.push(body);
    await bus.publish(imageAugmentations, body);
    await new Promise((resolve) => setTimeout(resolve, round * 12)); // before, during and after the augmentation
    await bus.publish(photoRemovals, body);
  }
  await expect.poll(() => isSettled(), eventually).toBe(true);
  await expect.poll(() => isSettled(photoRemovals.queue), eventually).toBe(true);
  for (const { fotoId, fotoCaminho } of bodies) {
    expect(await variantsOf(fotoId)).toEqual([]);
    expect(await store.get('original', fotoCaminho)).toBeUndefined();
    for (const table of ['augmentation_jobs', 'augmentation_results', 'augmentation_metrics']) {
      expect(await query(`SELECT 1 FROM ${table} WHERE photo_id = $1`, [fotoId])).toEqual([]);
    }
  }
});

it('says how it is, and what it did', async () => {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const get = (page: string) => fetch(`http://127.0.0.1:${port}/${page}`);
  expect((await get('health/live')).status).toBe(200);
  expect(await (await get('health/ready')).json()).toMatchObject({ status: 'ok', parts: [{ name: 'learning database' }, { name: 'messages' }, { name: 'objects' }] });
  const metrics = await (await get('metrics')).text();
  for (const line of [/^augmentations_count\{state="valid"\} \d{2,}/m, /^uploads_failed_count 0/m, /^processing_time_ms_count\{stage="total"\} \d+/m, /^augmentation_worker_memory_bytes \d{8}/m]) {
    expect(metrics).toMatch(line);
  }
});
