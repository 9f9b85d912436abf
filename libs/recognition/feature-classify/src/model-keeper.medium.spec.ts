import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { Clock, newId, TemporaryError, type UserId } from '@repo/kernel';
import { ErrorReporter } from '@repo/observability';
import {
  Backbone,
  modelFolder,
  modelManifest,
  ModelRegistry,
  newModelVersion,
  type ModelFile,
  type ModelFileName,
  type ModelVersion,
  type RegisteredModel,
} from '@repo/recognition-domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelFileCache } from './model-file-cache.js';
import { ModelKeeper } from './model-keeper.js';
import { ModelLoader } from './model-loader.js';
import { PhotoIndexes } from './photo-indexes.js';
import { Serving } from './serving.js';
import { CatalogueInMemory, EmbeddingsInMemory, IndexesInMemory } from './testing/collection-in-memory.js';
import { StoreInMemory } from './testing/store-in-memory.js';
import { embeddingOf, ToyEngine } from './testing/toy-engine.js';

Logger.overrideLogger(false);

class RegistryWith extends ModelRegistry {
  version: ModelVersion | undefined;

  async active() {
    return this.version && ({ version: this.version } as RegisteredModel);
  }
  register = notCalled;
  list = notCalled;
  get = notCalled;
  activate = notCalled;
  turnDown = notCalled;
  remove = notCalled;
}
class ToyBackbone extends Backbone {
  readonly info = { id: 'net', origin: 'random' as const, dimensions: 2, inputSize: 224 };
  async onnx() {
    return Buffer.from('{}');
  }
  onnxWithHead = notCalled;
}
class Reports extends ErrorReporter {
  readonly messages: string[] = [];
  report(error: unknown) {
    this.messages.push((error as Error).message);
  }
}
class StandingClock extends Clock {
  at = 0;
  now() {
    return new Date(this.at);
  }
}
function notCalled(): never {
  throw new Error('not part of this test');
}

let cacheFolder: string;
let platform: ReturnType<typeof newPlatform>;
beforeEach(async () => {
  cacheFolder = await mkdtemp(path.join(tmpdir(), 'model-keeper-'));
  platform = newPlatform(new StoreInMemory());
});
afterEach(() => rm(cacheFolder, { recursive: true }));

function newPlatform(store: StoreInMemory) {
  const [registry, reports, clock, engine] = [new RegistryWith(), new Reports(), new StandingClock(), new ToyEngine()];
  const [catalogue, embeddings, serving] = [new CatalogueInMemory(), new EmbeddingsInMemory(), new Serving()];
  const settings = { cacheFolder, precision: 'fp32' as const };
  const loader = new ModelLoader(new ModelFileCache(store, settings), engine, new ToyBackbone(), settings);
  const indexes = new PhotoIndexes(new IndexesInMemory(), catalogue, embeddings, store);
  const keeper = new ModelKeeper(registry, loader, indexes, serving, reports, clock);
  return { store, registry, reports, clock, engine, catalogue, embeddings, serving, keeper };
}

interface Made {
  probabilities?: number[];
  warmUp?: number[];
  labels?: string[];
  backbone?: string;
}

let made = 0;
/** Stores a version whose toy network answers `probabilities`. */
async function makeVersion({ probabilities = [0.9, 0.1], warmUp = probabilities, labels = ['selos', 'moedas'], backbone = 'net' }: Made = {}): Promise<ModelVersion> {
  const version = newModelVersion(new Date(Date.UTC(2026, 0, 1, 0, 0, (made += 1))), newId());
  const json = (name: ModelFileName, value: unknown): ModelFile => ({ name, contentType: 'application/json', bytes: Buffer.from(JSON.stringify(value)) });
  const files = [
    json('model.onnx', { probabilities, made }),
    json('labels.json', labels),
    json('metrics.json', { warmUp: { probabilities: [warmUp, warmUp, warmUp] } }),
    json('embeddings.faiss', { vectorsOf: version }),
  ];
  const about = { version, createdAt: '2026-01-01T00:00:00Z', backbone, classes: labels.length, vectors: 0 };
  for (const { name, bytes } of [...files, json('manifest.json', modelManifest(about, files))]) {
    await platform.store.put('models', `${modelFolder(version)}/${name}`, bytes);
  }
  return version;
}
const keyOf = (version: ModelVersion, name: ModelFileName) => `models ${modelFolder(version)}/${name}`;
const answer = () => platform.serving.use(async ({ version, labels, model }) => ({ version, labels, ...(await model.run(Buffer.from('ab'))) }));

it('serves the backbone alone before any training, with similar items', async () => {
  const ana = newId<UserId>();
  const photo = platform.catalogue.add({ ownerId: ana });
  await platform.embeddings.savePhoto('net', { ...photo, vector: embeddingOf('ab') });
  await platform.keeper.keepUp();
  expect(await answer()).toMatchObject({ version: undefined, labels: [] });
  expect(platform.serving.now?.index.similar(ana, embeddingOf('ab'), 5)).toHaveLength(1);
});

it('swaps to each active version, forwards and back, and frees the one before', async () => {
  const versions = [await makeVersion({ probabilities: [0.6, 0.4] }), await makeVersion({ probabilities: [0.8, 0.2] })] as const;
  for (const [version, probability] of [[versions[0], 0.6], [versions[1], 0.8], [versions[0], 0.6]] as const) {
    platform.registry.version = version;
    await platform.keeper.keepUp();
    await platform.keeper.keepUp();
    expect((await answer()).version).toBe(version);
    expect((await answer()).probabilities?.[0]).toBeCloseTo(probability);
    expect(platform.engine.loaded.size).toBe(1);
  }
  expect(platform.reports.messages).toEqual([]);
});

describe('a version whose files are not what its manifest says', () => {
  let good: ModelVersion;
  beforeEach(async () => {
    good = await makeVersion();
    platform.registry.version = good;
    await platform.keeper.keepUp();
  });

  it.each<[string, Made, (version: ModelVersion, objects: Map<string, Buffer>) => void, RegExp]>([
    ['corrupt', {}, (version, objects) => (objects.get(keyOf(version, 'model.onnx'))!.write('x', 3)), /model.onnx has another checksum/],
    ['truncated', {}, (version, objects) => objects.set(keyOf(version, 'labels.json'), Buffer.from('["s')), /labels.json has 3 bytes instead of/],
    ['missing', {}, (version, objects) => objects.delete(keyOf(version, 'model.onnx')), /model.onnx is missing/],
    ['without a manifest', {}, (version, objects) => objects.delete(keyOf(version, 'manifest.json')), /manifest.json is missing/],
    ['with the network of another', {}, (version, objects) => objects.set(keyOf(version, 'model.onnx'), objects.get(keyOf(good, 'model.onnx'))!), /model.onnx has another checksum|instead of/],
    ['with the vectors of another', {}, (version, objects) => objects.set(keyOf(version, 'embeddings.faiss'), objects.get(keyOf(good, 'embeddings.faiss'))!), /embeddings.faiss is not the file/],
    ['with the manifest of another', {}, (version, objects) => objects.set(keyOf(version, 'manifest.json'), objects.get(keyOf(good, 'manifest.json'))!), /its manifest is of version/],
    ['whose network answers otherwise than when it was made', { warmUp: [0.5, 0.5] }, () => {}, /differently than when it was made/],
    ['with one label too many', { labels: ['a', 'b', 'c'] }, () => {}, /its 3 labels are not those/],
    ['whose network answers nothing a number', { probabilities: [Number.NaN, Number.NaN] }, () => {}, /./],
  ])('%s never serves: the one before does', async (_, about, spoil, expected) => {
    const bad = await makeVersion(about);
    spoil(bad, platform.store.objects);
    platform.registry.version = bad;
    const answers = [];
    for (let i = 0; i < 5; i += 1) {
      await platform.keeper.keepUp();
      answers.push((await answer()).version);
    }
    expect(answers).toEqual([good, good, good, good, good]);
    expect(platform.reports.messages).toEqual([expect.stringMatching(expected)]);
    expect(platform.engine.loaded.size).toBe(1);
  });

  it('serves once its files were put right', async () => {
    const bad = await makeVersion();
    const right = platform.store.objects.get(keyOf(bad, 'model.onnx'))!;
    platform.store.objects.set(keyOf(bad, 'model.onnx'), Buffer.from('nonsense'));
    platform.registry.version = bad;
    await platform.keeper.keepUp();
    platform.store.objects.set(keyOf(bad, 'model.onnx'), right);
    platform.clock.at = 59_000;
    await platform.keeper.keepUp();
    expect((await answer()).version).toBe(good);
    platform.clock.at = 61_000;
    await platform.keeper.keepUp();
    expect((await answer()).version).toBe(bad);
  });

  it('is no reason to doubt a version while the store is away', async () => {
    const next = await makeVersion();
    platform.registry.version = next;
    const get = platform.store.get.bind(platform.store);
    platform.store.get = () => Promise.reject(new TemporaryError('away'));
    await expect(platform.keeper.keepUp()).rejects.toThrow(TemporaryError);
    expect((await answer()).version).toBe(good);
    platform.store.get = get;
    await platform.keeper.keepUp();
    expect((await answer()).version).toBe(next);
  });
});

it('serves the backbone when the very first version is spoilt', async () => {
  const version = await makeVersion();
  platform.store.objects.delete(keyOf(version, 'model.onnx'));
  platform.registry.version = version;
  await platform.keeper.keepUp();
  expect(await answer()).toMatchObject({ version: undefined });
});

describe('between starts', () => {
  it('keeps the files of the version and the one before, and needs the store no more', async () => {
    const versions = [await makeVersion(), await makeVersion(), await makeVersion()];
    for (const version of versions) {
      platform.registry.version = version;
      await platform.keeper.keepUp();
    }
    expect((await readdir(cacheFolder)).sort()).toEqual(versions.slice(1));
    const restarted = newPlatform(new StoreInMemory());
    restarted.registry.version = versions[2];
    await restarted.keeper.keepUp();
    expect(restarted.serving.now?.version).toBe(versions[2]);
  });

  it('fetches anew what was spoilt on disk', async () => {
    const version = await makeVersion();
    platform.registry.version = version;
    await platform.keeper.keepUp();
    await writeFile(path.join(cacheFolder, version, 'model.onnx'), 'nonsense');
    const restarted = newPlatform(platform.store);
    restarted.registry.version = version;
    await restarted.keeper.keepUp();
    expect(restarted.serving.now?.version).toBe(version);
  });
});

it('fills the index of another network before that one takes over', async () => {
  const ana = newId<UserId>();
  const photo = platform.catalogue.add({ ownerId: ana });
  await platform.store.put('original', photo.objectKey, Buffer.from('ab'));
  await platform.keeper.keepUp();
  platform.registry.version = await makeVersion({ backbone: 'another net' });
  await platform.keeper.keepUp();
  expect(platform.serving.now).toMatchObject({ version: platform.registry.version, index: { space: 'another net', waiting: 0 } });
  expect(platform.serving.now?.index.similar(ana, embeddingOf('ab'), 5)).toHaveLength(1);
});
