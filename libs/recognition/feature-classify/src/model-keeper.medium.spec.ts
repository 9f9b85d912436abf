import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import type { ClassifyAnswer } from '@repo/contracts';
import { newId, TemporaryError, type UserId } from '@repo/kernel';
import { modelFolder, type ModelFileName, type ModelVersion } from '@repo/recognition-domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClassifierInMemory, type ToyVersion } from './testing/classifier-in-memory.js';
import { embeddingOf } from './testing/toy-engine.js';

Logger.overrideLogger(false);

let cacheFolder: string;
let platform: ClassifierInMemory;
beforeEach(async () => {
  cacheFolder = await mkdtemp(path.join(tmpdir(), 'model-keeper-'));
  platform = new ClassifierInMemory(cacheFolder);
});
afterEach(() => rm(cacheFolder, { recursive: true }));

const makeVersion = (about?: ToyVersion) => platform.makeVersion(about);
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

  it.each<[string, ToyVersion, (version: ModelVersion, objects: Map<string, Buffer>) => void, RegExp]>([
    ['corrupt', {}, (version, objects) => (objects.get(keyOf(version, 'model.onnx'))!.write('x', 3)), /model.onnx has another checksum/],
    ['truncated', {}, (version, objects) => objects.set(keyOf(version, 'labels.json'), Buffer.from('["s')), /labels.json has 3 bytes instead of/],
    ['missing', {}, (version, objects) => objects.delete(keyOf(version, 'model.onnx')), /model.onnx is missing/],
    ['without a manifest', {}, (version, objects) => objects.delete(keyOf(version, 'manifest.json')), /manifest.json is missing/],
    ['with the network of another', {}, (version, objects) => objects.set(keyOf(version, 'model.onnx'), objects.get(keyOf(good, 'model.onnx'))!), /model.onnx has another checksum|instead of/],
    ['with the labels of another', {}, (version, objects) => objects.set(keyOf(version, 'labels.json'), Buffer.from('["moedas","selos"]')), /labels.json has another checksum/],
    ['with the vectors of another', {}, (version, objects) => objects.set(keyOf(version, 'embeddings.faiss'), objects.get(keyOf(good, 'embeddings.faiss'))!), /embeddings.faiss is not the file/],
    ['with the manifest of another', {}, (version, objects) => objects.set(keyOf(version, 'manifest.json'), objects.get(keyOf(good, 'manifest.json'))!), /its manifest is of version/],
    ['whose network answers otherwise than when it was made', { warmUp: [0.5, 0.5] }, () => {}, /differently than when it was made/],
    ['with one label too many', { labels: ['a', 'b', 'c'] }, () => {}, /its 3 labels are not those/],
    ['whose network answers nothing a number', { probabilities: [Number.NaN, Number.NaN] }, () => {}, /./],
  ])('%s never serves: the one before does', async (_, about, spoil, expected) => {
    const bad = await makeVersion(about);
    spoil(bad, platform.store.objects);
    platform.registry.version = bad;
    await platform.store.put('temp', 'uploads/1.jpg', Buffer.from('ab'));
    const answers: Promise<ClassifyAnswer>[] = [];
    for (let minute = 0; minute < 5; minute += 1) {
      const keeping = platform.keeper.keepUp();
      answers.push(...Array.from({ length: 20 }, () => platform.service.classify({ imagePath: 'uploads/1.jpg', k: 5, embedding: false })));
      await keeping;
      platform.clock.at += 61_000; // it looks again each minute
    }
    expect(new Set((await Promise.all(answers)).map(({ modelVersion }) => modelVersion))).toEqual(new Set([good]));
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
    const restarted = new ClassifierInMemory(cacheFolder);
    restarted.registry.version = versions[2];
    await restarted.keeper.keepUp();
    expect(restarted.serving.now?.version).toBe(versions[2]);
  });

  it('fetches anew what was spoilt on disk', async () => {
    const version = await makeVersion();
    platform.registry.version = version;
    await platform.keeper.keepUp();
    await writeFile(path.join(cacheFolder, version, 'model.onnx'), 'nonsense');
    const restarted = new ClassifierInMemory(cacheFolder, platform.store);
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
