import { Logger } from '@nestjs/common';
import { newId, TemporaryError, type TrainingRunId } from '@repo/kernel';
import { modelFolder, newModelVersion, type ModelMetrics, type ModelVersion } from '@repo/recognition-domain';
import { InMemoryModelRegistry } from '@repo/recognition-domain/testing';
import { beforeEach, expect, it } from 'vitest';
import { MetricsInMemory, SettableClock, StoreInMemory } from './testing/training-in-memory.js';
import { VersionSweeper } from './version.sweeper.js';

Logger.overrideLogger(false);

const HOUR = 3_600_000;
const files = ['embeddings.faiss', 'manifest.json', 'model.onnx'];
let registry: InMemoryModelRegistry;
let metrics: MetricsInMemory;
let store: StoreInMemory;
let clock: SettableClock;
let sweeper: VersionSweeper;
beforeEach(() => {
  [registry, metrics, store, clock] = [new InMemoryModelRegistry(), new MetricsInMemory(), new StoreInMemory(), new SettableClock()];
  sweeper = new VersionSweeper(registry, metrics, store, clock);
});

const runId = newId<TrainingRunId>();
const ago = (hours: number) => new Date(clock.at - hours * HOUR);

async function stored(version: ModelVersion, hoursAgo = 1_000, names = files): Promise<ModelVersion> {
  for (const name of names) {
    await store.put('models', `${modelFolder(version)}/${name}`, Buffer.from(name));
    store.times.set(`models ${modelFolder(version)}/${name}`, ago(hoursAgo));
  }
  return version;
}

/** Versions 1 to `count`, each a day younger than the one before; each served in its turn. */
async function servedInTurn(count: number): Promise<ModelVersion[]> {
  const versions: ModelVersion[] = [];
  for (let n = 1; n <= count; n += 1) {
    const at = ago((count - n + 1) * 24);
    const version = await stored(newModelVersion(at, newId()));
    await registry.register(version, at);
    await registry.activate(version, versions.at(-1), 'better', at);
    versions.push(version);
  }
  return versions;
}

const kept = () => [...new Set([...store.objects.keys()].map((key) => key.split('/')[1]))];
const stateOf = async (version: ModelVersion) => (await registry.get(version)).state;

it('keeps the active version, the one before it and the newest five; marks the others and removes their files', async () => {
  const versions = await servedInTurn(9);
  await registry.activate(versions[1]!, versions[8], 'rolled back', ago(5));
  await sweeper.sweep(runId);
  expect(kept()).toEqual([versions[1], ...versions.slice(4)]);
  expect(await Promise.all(versions.map(stateOf))).toEqual(['removed', 'active', 'removed', 'removed', 'retired', 'retired', 'retired', 'retired', 'retired']);
  await expect(registry.activate(versions[0]!, versions[1], 'please', clock.now())).rejects.toThrow('is removed');
});

it('leaves a version alone that is activated at that very moment', async () => {
  const versions = await servedInTurn(8);
  const remove = registry.remove.bind(registry);
  registry.remove = async (version) => {
    if (version === versions[0]) {
      await registry.activate(version, versions[7], 'rolled back just now', clock.now());
    }
    return remove(version);
  };
  await sweeper.sweep(runId);
  expect(await stateOf(versions[0]!)).toBe('active');
  expect(kept()).toEqual([versions[0], ...versions.slice(3)]);
});

it('finishes what a sweep before it could not', async () => {
  const versions = await servedInTurn(7);
  const remove = store.remove.bind(store);
  const removals: string[] = [];
  store.remove = (bucket, key) => (removals.push(key) === 2 ? Promise.reject(new TemporaryError('away')) : remove(bucket, key));
  await expect(sweeper.sweep(runId)).rejects.toThrow(TemporaryError);
  expect(removals[0]).toMatch(/manifest.json$/);
  await sweeper.sweep(runId);
  expect(kept()).toEqual(versions.slice(2));
});

it.each([
  ['without a manifest, 59 minutes old', 0.98, ['model.onnx'], true],
  ['without a manifest, older than an hour', 1.02, ['model.onnx'], false],
  ['whole but never announced, 23 hours old', 23, files, true],
  ['whole but never announced, older than a day', 25, files, false],
])('keeps a folder that nobody knows, %s: %s', async (_, hoursAgo, names, isKept) => {
  const version = await stored(newModelVersion(ago(hoursAgo), newId()), hoursAgo, names);
  await sweeper.sweep(runId);
  expect(kept()).toEqual(isKept ? [version] : []);
});

it('removes what the training itself stored in an attempt before, and no other that only looks like it', async () => {
  const own = await stored(newModelVersion(ago(0.2), runId), 0.2);
  const lookalike = await stored(newModelVersion(ago(0.1), runId), 0.1);
  metrics.rows.set(own, { version: own, runId } as ModelMetrics);
  metrics.rows.set(lookalike, { version: lookalike, runId: newId() } as unknown as ModelMetrics);
  await sweeper.sweep(runId);
  expect(kept()).toEqual([lookalike]);
});
