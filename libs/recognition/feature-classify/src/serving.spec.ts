import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TemporaryError } from '@repo/kernel';
import type { ModelVersion } from '@repo/recognition-domain';
import { expect, it } from 'vitest';
import { PhotoIndex } from './photo-index.js';
import { Serving, type Served } from './serving.js';
import { CatalogueInMemory, EmbeddingsInMemory, IndexInMemory } from './testing/collection-in-memory.js';
import { StoreInMemory } from './testing/store-in-memory.js';
import { ToyEngine } from './testing/toy-engine.js';

Logger.overrideLogger(false);
const engine = new ToyEngine();
const index = new PhotoIndex('net', new IndexInMemory(), { catalogue: new CatalogueInMemory(), embeddings: new EmbeddingsInMemory(), store: new StoreInMemory() });
/** Version n answers n / 100. */
async function version(n: number): Promise<Served> {
  const model = await engine.load(Buffer.from(JSON.stringify({ probabilities: [n / 100] })));
  return { version: `v${n}` as ModelVersion, labels: [`label of v${n}`], backbone: 'net', model, index };
}

it('answers nothing before something is loaded', async () => {
  await expect(new Serving().use(async () => 1)).rejects.toThrow(TemporaryError);
});

it('keeps the old version until its last request has ended', async () => {
  const serving = new Serving();
  await serving.swap(await version(1));
  const answer = serving.use(async ({ model }) => {
    await sleep(20);
    return (await model.run(Buffer.from('ab'))).probabilities?.[0];
  });
  await serving.swap(await version(2));
  expect(serving.now?.version).toBe('v2');
  expect(engine.loaded.size).toBe(2);
  expect(await answer).toBeCloseTo(0.01);
  await sleep(0);
  expect(engine.loaded.size).toBe(1);
  await serving.close();
  expect(engine.loaded.size).toBe(0);
});

it('swaps 20 times under load without a failure, every answer from one version', async () => {
  engine.pace = 3;
  const serving = new Serving();
  await serving.swap(await version(0));
  let isOver = false;
  const answers: { version: string | undefined; labels: readonly string[]; probability: number | undefined }[] = [];
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      await serving.use(async ({ version: name, labels, model }) => {
        await sleep(Math.random() * 3); // fetching the photo
        const { probabilities } = await model.run(Buffer.from('ab'));
        answers.push({ version: name, labels, probability: probabilities?.[0] });
      });
    }
  });
  for (let n = 1; n <= 20; n += 1) {
    await sleep(5);
    await serving.swap(await version(n));
  }
  isOver = true;
  await Promise.all(clients);
  await sleep(1);
  expect(new Set(answers.map(({ version: name }) => name)).size).toBeGreaterThan(15);
  for (const { version: name, labels, probability } of answers) {
    expect(labels).toEqual([`label of ${name}`]);
    expect(probability).toBeCloseTo(Number(name?.slice(1)) / 100);
  }
  expect(engine.loaded.size).toBe(1);
});

it('goes on when an old version can\'t be unloaded', async () => {
  const serving = new Serving();
  const stuck = await version(1);
  await serving.swap({ ...stuck, model: { run: () => stuck.model.run(Buffer.from('ab')), unload: () => Promise.reject(new Error('stuck')) } });
  await serving.swap(await version(2));
  expect(await serving.use(async ({ version: name }) => name)).toBe('v2');
});
