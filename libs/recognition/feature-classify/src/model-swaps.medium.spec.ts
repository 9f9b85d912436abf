import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ClassifyAnswer } from '@repo/contracts';
import { newId, type UserId } from '@repo/kernel';
import type { ModelVersion } from '@repo/recognition-domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClassifierInMemory } from './testing/classifier-in-memory.js';

Logger.overrideLogger(false);

const SWAPS = 20;
const REQUESTS_PER_SECOND = 50;
const SECONDS = 8;

let cacheFolder: string;
beforeEach(async () => {
  cacheFolder = await mkdtemp(path.join(tmpdir(), 'model-swaps-'));
});
afterEach(() => rm(cacheFolder, { recursive: true }));

it('swaps 20 versions under 50 requests per second: none fails, each is answered by network, labels and vectors of one version', async () => {
  const ana = newId<UserId>();
  const platform = new ClassifierInMemory(cacheFolder);
  platform.engine.pace = 8;
  const photos = ['ab', 'zz'].map((image) => ({ image, ...platform.catalogue.add({ ownerId: ana }) }));
  for (const { objectKey, image } of photos) {
    await platform.store.put('original', objectKey, Buffer.from(image));
  }
  await platform.store.put('temp', 'uploads/1.jpg', Buffer.from('ab'));
  // Version n is sure by n / 100, of a label of its own, and its network turns every vector by n / 10.
  const numbers = new Map<ModelVersion, number>();
  for (let n = 1; n <= SWAPS + 1; n += 1) {
    const version = await platform.makeVersion({ probabilities: [n / 100, 0], labels: [`label of ${n}`, 'other'], backbone: `net ${n}`, turn: n / 10 });
    numbers.set(version, n);
  }
  const [first, ...others] = [...numbers.keys()];
  platform.registry.version = first;
  await platform.keeper.keepUp();
  while (await platform.serving.use(({ index, model }) => index.embedNext(model))) {
    // until both photos have their vectors
  }

  const answers: Promise<ClassifyAnswer>[] = [];
  const asking = setInterval(() => answers.push(platform.service.classify({ imagePath: 'uploads/1.jpg', ownerId: ana, k: 1, embedding: false })), 1_000 / REQUESTS_PER_SECOND);
  const served: (ModelVersion | undefined)[] = [];
  for (const version of others) {
    await sleep((SECONDS * 1_000) / SWAPS);
    platform.registry.version = version;
    await platform.keeper.keepUp();
    served.push(platform.serving.now?.version);
  }
  clearInterval(asking);
  const settled = await Promise.allSettled(answers);

  expect(served).toEqual(others);
  expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(settled.length).toBeGreaterThan(0.7 * REQUESTS_PER_SECOND * SECONDS);
  const given = settled.map((result) => (result as PromiseFulfilledResult<ClassifyAnswer>).value);
  expect(new Set(given.map(({ modelVersion }) => modelVersion)).size).toBeGreaterThan(SWAPS - 3);
  for (const { modelVersion, classe, confianca, probabilities, semelhantes } of given) {
    const n = numbers.get(modelVersion as ModelVersion)!;
    expect([classe, Object.keys(probabilities)]).toEqual([`label of ${n}`, [`label of ${n}`, 'other']]);
    expect(confianca).toBeCloseTo(n / 100);
    // The photo lies at no distance from itself in its own version's vectors, and in no other's.
    expect(semelhantes).toMatchObject([{ fotoId: photos[0]!.photoId }]);
    expect(semelhantes[0]!.distancia).toBeCloseTo(0, 4);
  }
  await sleep(20);
  expect(platform.engine.loaded.size).toBe(1);
  expect(platform.reports.messages).toEqual([]);
}, 60_000);
