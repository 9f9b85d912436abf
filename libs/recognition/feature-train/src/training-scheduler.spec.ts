import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { newId, PermanentError, TemporaryError, type PhotoId, type TrainingRunId } from '@repo/kernel';
import { defaultTrainingRules, isFinished, modelFolder, newModelVersion } from '@repo/recognition-domain';
import { InMemoryModelRegistry, InMemoryTrainingRuns } from '@repo/recognition-domain/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CollectionTrainingService } from './collection-training.service.js';
import { ModelPublisher } from './model-publisher.js';
import { ModelTrainingHandler } from './model-training.handler.js';
import { PendingAugmentation } from './pending-augmentation.js';
import { PhotoEmbedder } from './photo-embedder.js';
import { CollectionInMemory, EmbeddingsInMemory, MetricsInMemory, SettableClock, ToyAnnouncer, ToyBackbone, ToyBuilder, ToyEngines, ToyServedVersion, ToyTrainer } from './testing/training-in-memory.js';
import { TrainingMaterialService } from './training-material.service.js';
import { TrainingScheduler } from './training-scheduler.js';
import type { TrainingSettings } from './training-settings.js';
import { VersionSweeper } from './version.sweeper.js';

Logger.overrideLogger(false);

const settings: TrainingSettings = {
  rules: defaultTrainingRules,
  parameters: { seed: 7, maxEpochs: 100, patience: 8, batchSize: 32, learningRate: 0.001, labelSmoothing: 0, weightDecay: 0 },
  leaseMs: 30_000,
  parallelImages: 2,
  once: false,
};

function newPlatform() {
  const [runs, collection, embeddings, engines, trainer] = [new InMemoryTrainingRuns(), new CollectionInMemory(), new EmbeddingsInMemory(), new ToyEngines(), new ToyTrainer()];
  const [builder, metrics, announcer, clock, backbone] = [new ToyBuilder(), new MetricsInMemory(), new ToyAnnouncer(), new SettableClock(), new ToyBackbone()];
  const served = new ToyServedVersion(announcer);
  const { store, catalogue, augmented } = collection;
  const embedder = new PhotoEmbedder(store, embeddings, engines, backbone, settings);
  const material = new TrainingMaterialService(catalogue, augmented, embeddings, embedder);
  const publisher = new ModelPublisher(builder, engines, backbone, store, metrics, new VersionSweeper(new InMemoryModelRegistry(), metrics, store, clock), clock);
  const training = new CollectionTrainingService(runs, material, trainer, publisher, announcer, served, settings);
  const newScheduler = () => new TrainingScheduler(runs, new PendingAugmentation(catalogue, augmented), training, clock, settings);
  return { runs, collection, embeddings, engines, trainer, builder, metrics, announcer, served, clock, newScheduler };
}

let platform: ReturnType<typeof newPlatform>;
let scheduler: TrainingScheduler;
beforeEach(() => {
  platform = newPlatform();
  scheduler = platform.newScheduler();
});
afterEach(() => scheduler.beforeApplicationShutdown());

async function twoCategories(photosEach = 5): Promise<void> {
  for (let i = 0; i < photosEach; i += 1) {
    await platform.collection.add('selos');
    await platform.collection.add('moedas');
  }
}
const request = () => platform.runs.request({ motive: 'by hand', requestedBy: undefined, at: platform.clock.now() });
const statusOf = (id: TrainingRunId) => platform.runs.rows.get(id)?.status;
const ended = (id: TrainingRunId) => vi.waitFor(() => expect(isFinished(statusOf(id)!)).toBe(true), { interval: 5, timeout: 5_000 });
const modelFiles = () => [...platform.collection.store.objects.keys()].filter((key) => key.startsWith('models '));

async function train() {
  const { id } = await request();
  scheduler.onApplicationBootstrap();
  await ended(id);
  return platform.runs.get(id);
}

describe('one training', () => {
  it('goes from photos to an active version', async () => {
    await twoCategories();
    const run = await train();
    expect(run).toMatchObject({ status: 'done', reason: 'better', progress: { phase: 'announcing', percent: 100, photos: 10, categories: 2, images: 30, embedded: 30 } });
    expect(run.progress?.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(modelFiles()).toEqual(['model.onnx', 'labels.json', 'manifest.json'].map((name) => `models ${modelFolder(run.modelVersion!)}/${name}`));
    expect(platform.announcer.announced).toEqual([run.modelVersion]);
    expect(platform.metrics.rows.get(run.modelVersion!)).toMatchObject({ runId: run.id, lineage: { backbone: 'net', backboneQuality: 'compact', labels: ['selos', 'moedas'], testSet: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(platform.builder.inputs[0]?.vectors).toHaveLength(10);
    expect(platform.builder.inputs[0]?.metrics).toMatchObject({ warmUp: { probabilities: [[0.75, 0.25], [0.75, 0.25], [0.75, 0.25]] } });
    expect(platform.engines.open).toBe(0);
  });

  it('trains on each photo with its own variants', async () => {
    await twoCategories(1);
    await train();
    expect(platform.trainer.trained[0]?.map(({ label, variants }) => [label, variants.length])).toEqual([['selos', 2], ['moedas', 2]]);
  });

  it('embeds nothing twice', async () => {
    await twoCategories();
    await train();
    const ran = platform.engines.ran;
    const second = await request();
    scheduler.wake();
    await ended(second.id);
    expect(platform.engines.ran - ran).toBe(3); // the warm-up photos
  });

  it('leaves out photos that are gone or unreadable', async () => {
    await twoCategories(2);
    const gone = await platform.collection.add('selos');
    platform.collection.store.objects.delete(`original ${gone.objectKey}`);
    const changed = await platform.collection.add('selos');
    platform.collection.store.objects.set(`original ${changed.objectKey}`, Buffer.from('other bytes'));
    await platform.collection.add('unreadable');
    expect((await train()).status).toBe('done');
    expect(platform.trainer.trained[0]).toHaveLength(4);
  });

  describe('during which a category is deleted', () => {
    /** As the backend does it: rows first, objects soon after. */
    function deleteCategory(label: string): void {
      const { labelled, store } = platform.collection;
      for (const { objectKey } of labelled.filter((photo) => photo.label === label)) {
        store.objects.delete(`original ${objectKey}`);
      }
      labelled.splice(0, labelled.length, ...labelled.filter((photo) => photo.label !== label));
    }

    it('leaves out what it has not looked at yet', async () => {
      await twoCategories();
      for (let i = 0; i < 30; i += 1) {
        await platform.collection.add('carros', 0);
      }
      platform.engines.beforeRun = () => platform.engines.ran >= 3 && deleteCategory('carros');
      expect(await train()).toMatchObject({ status: 'done' });
      expect(platform.trainer.trained[0]!.filter(({ label }) => label === 'carros').length).toBeLessThan(5);
      expect(platform.trainer.trained[0]!.filter(({ label }) => label !== 'carros')).toHaveLength(10);
    });

    it('comes to its end when it has looked at all, and the next training knows nothing of it', async () => {
      await twoCategories();
      await platform.collection.add('carros');
      platform.trainer.beforeTraining = () => deleteCategory('carros');
      expect(await train()).toMatchObject({ status: 'done' });
      const { id } = await request();
      scheduler.wake();
      await ended(id);
      expect([...platform.metrics.rows.values()].map(({ lineage }) => lineage.labels)).toEqual([['selos', 'moedas', 'carros'], ['selos', 'moedas']]);
    });
  });

  it('is refused with the trainer\'s reason, and leaves nothing behind', async () => {
    await platform.collection.add('selos');
    expect(await train()).toMatchObject({ status: 'refused', reasonCode: 'TOO_FEW_CATEGORIES', reason: 'At least 2 categories are needed, there is 1', modelVersion: undefined });
    expect(modelFiles()).toEqual([]);
  });

  it('tells how many categories it left out, and which to whoever may know', async () => {
    await twoCategories();
    platform.trainer.leftOut = [{ label: 'segredos', photos: 2, items: 2 }];
    const run = await train();
    expect(run).toMatchObject({ status: 'done', progress: { leftOut: [{ label: 'segredos', photos: 2, items: 2 }] } });
    expect(run.reason).toBe('better; 1 category has fewer than 5 photos or 3 items and could not be learnt');
  });

  it('is refused with no photo at all', async () => {
    expect(await train()).toMatchObject({ status: 'refused', reasonCode: 'TOO_FEW_CATEGORIES' });
  });

  it.each([
    ['refused', 'QUALITY_GATE', 'worse'],
    ['retired', 'SUPERSEDED', 'a newer one serves'],
  ] as const)('tells why its version was %s', async (state, reasonCode, reason) => {
    await twoCategories();
    platform.announcer.answer = async () => ({ state, reason });
    const run = await train();
    expect(run).toMatchObject({ status: 'refused', reasonCode, reason });
    expect(run.modelVersion).toBeDefined();
  });

  it('is done only when its version serves, and waits for no classifier that is away', async () => {
    await twoCategories();
    let looks = 0;
    platform.served.now = async () => {
      looks += 1;
      if (looks === 1) {
        throw new TemporaryError('away');
      }
      return looks < 4 ? undefined : platform.announcer.announced.at(-1);
    };
    expect((await train()).status).toBe('done');
    expect(looks).toBe(4);
  });

  it('fails when something breaks that trying again can\'t mend', async () => {
    await twoCategories();
    platform.trainer.beforeTraining = () => {
      throw new PermanentError('the loss is not a number');
    };
    expect(await train()).toMatchObject({ status: 'failed', reason: 'the loss is not a number' });
    expect(modelFiles()).toEqual([]);
    expect(platform.announcer.announced).toEqual([]);
  });
});

describe('progress', () => {
  it('is written twice a second, and only grows', async () => {
    await twoCategories();
    platform.engines.beforeRun = () => sleep(100);
    await train();
    const percents = platform.runs.heartbeats.map(({ percent }) => percent);
    expect(percents.length).toBeGreaterThan(1);
    expect([...percents].sort((a, b) => a - b)).toEqual(percents);
    expect(percents.length).toBeLessThan(9); // two seconds of work, twice a second
  });

  it('says how many photos it waits for', async () => {
    await twoCategories();
    const [first] = platform.collection.labelled;
    platform.collection.unfinished.add(first!.photoId);
    const { id } = await request();
    scheduler.onApplicationBootstrap();
    await vi.waitFor(() => expect(platform.runs.rows.get(id)?.progress).toMatchObject({ phase: 'waiting', photosAugmenting: 1 }));
    expect(statusOf(id)).toBe('queued');
    platform.collection.unfinished.clear();
    scheduler.wake();
    await ended(id);
    expect(statusOf(id)).toBe('done');
  });
});

describe('a training that is stopped', () => {
  it('ends at once when it is cancelled, at whatever step', async () => {
    await twoCategories();
    const { id } = await request();
    platform.trainer.beforeTraining = async ({ signal }) => {
      await platform.runs.cancel(id, 'by hand', platform.clock.now());
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    };
    scheduler.onApplicationBootstrap();
    await vi.waitFor(async () => expect((await platform.runs.scheduleState()).running).toBeUndefined(), { timeout: 5_000 });
    await sleep(700);
    expect(statusOf(id)).toBe('cancelled');
    expect(modelFiles()).toEqual([]);
    expect(platform.engines.open).toBe(0);
  });

  it('goes back to the queue when the service stops, and is done by the next, whose work is shorter', async () => {
    await twoCategories(40);
    platform.engines.beforeRun = async () => {
      if (platform.engines.ran === 150) {
        void scheduler.beforeApplicationShutdown();
      }
    };
    const { id } = await request();
    scheduler.onApplicationBootstrap();
    await vi.waitFor(() => expect(platform.runs.rows.get(id)).toMatchObject({ status: 'queued', fence: 1 }), { timeout: 5_000 });
    await scheduler.beforeApplicationShutdown();
    expect(platform.embeddings.cache.size).toBeGreaterThanOrEqual(128);

    platform.engines.beforeRun = () => {};
    const ran = platform.engines.ran;
    scheduler = platform.newScheduler();
    scheduler.onApplicationBootstrap();
    await ended(id);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'done', attempts: 1, fence: 2 });
    expect(platform.engines.ran - ran).toBeLessThanOrEqual(240 - 128 + 3);
  });

  it('is taken up again when its worker was killed', async () => {
    await twoCategories();
    const { id } = await request();
    await platform.runs.claim(id, platform.clock.now(), new Date(platform.clock.at + 30_000)); // by a worker that is gone
    scheduler.onApplicationBootstrap();
    await sleep(20);
    expect(statusOf(id)).toBe('running');
    platform.clock.at += 30_001;
    scheduler.wake();
    await ended(id);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'done', fence: 2 });
  });

  it('only announces a version that a killed worker had stored', async () => {
    await twoCategories();
    const { id } = await request();
    const claim = await platform.runs.claim(id, platform.clock.now(), new Date(platform.clock.at - 1));
    const version = newModelVersion(platform.clock.now(), id);
    await platform.runs.heartbeat(claim!, new Date(platform.clock.at - 1), { phase: 'uploading', percent: 94, photos: 10, epochs: [], leftOut: [{ label: 'few', photos: 1, items: 1 }] });
    await platform.runs.noteVersion(claim!, version);
    scheduler.onApplicationBootstrap();
    await ended(id);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'done', modelVersion: version, progress: { percent: 100, photos: 10, leftOut: [{ label: 'few' }] } });
    expect(platform.runs.heartbeats.every(({ percent }) => percent >= 94)).toBe(true);
    expect(platform.announcer.announced).toEqual([version]);
    expect(platform.trainer.trained).toEqual([]);
  });

  it('ends as failed when it killed its worker three times', async () => {
    await twoCategories();
    const { id } = await request();
    for (let death = 0; death < 3; death += 1) {
      await platform.runs.claim(id, platform.clock.now(), new Date(platform.clock.at - 1));
      await platform.runs.requeueLost(id, platform.clock.now());
    }
    scheduler.onApplicationBootstrap();
    await ended(id);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'failed', reasonCode: 'WORKER_DIED' });
    expect(platform.trainer.trained).toEqual([]);
  });

  it('writes nothing any more when another worker has taken it', async () => {
    await twoCategories();
    platform.trainer.beforeTraining = async () => {
      const [row] = [...platform.runs.rows.values()];
      platform.runs.rows.set(row!.id, { ...row!, fence: row!.fence + 1 });
    };
    const { id } = await request();
    scheduler.onApplicationBootstrap();
    await vi.waitFor(() => expect(platform.builder.inputs).toHaveLength(1), { timeout: 5_000 });
    await sleep(50);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'running', modelVersion: undefined });
    expect(platform.announcer.announced).toEqual([]);
  });

  it('is tried again, later, when a part was away', async () => {
    await twoCategories();
    let failures = 0;
    platform.trainer.beforeTraining = () => {
      if ((failures += 1) === 1) {
        throw new TemporaryError('away');
      }
    };
    const { id } = await request();
    scheduler.onApplicationBootstrap();
    await vi.waitFor(() => expect(failures).toBe(1));
    await vi.waitFor(() => expect(statusOf(id)).toBe('queued'));
    scheduler.wake();
    await sleep(30);
    expect(failures).toBe(1);
    platform.clock.at += 10_001;
    scheduler.wake();
    await ended(id);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'done', attempts: 2 });
  });
});

describe('new photos', () => {
  const tell = async (count: number) => {
    const handler = new ModelTrainingHandler(platform.runs, scheduler, platform.clock);
    for (let i = 0; i < count; i += 1) {
      const body = { batchId: newId(), totalImages: 9, fotoId: newId() };
      expect(await handler.count(body)).toEqual({ kind: 'done' });
      await handler.count(body); // delivered twice
    }
  };

  it('start a training once there are 20 and a pause, and count for one training only', async () => {
    await twoCategories();
    scheduler.onApplicationBootstrap();
    await tell(20);
    await sleep(20);
    expect(platform.runs.rows.size).toBe(0);
    platform.clock.at += 15_000;
    scheduler.wake();
    await vi.waitFor(() => expect([...platform.runs.rows.values()].map(({ status, motive }) => [status, motive])).toEqual([['done', '20 new photos']]), { timeout: 5_000 });
    expect((await platform.runs.scheduleState()).newPhotos).toBe(0);
  });

  it('are not trained on again and again when they were refused', async () => {
    await platform.collection.add('selos');
    scheduler.onApplicationBootstrap();
    await tell(20);
    platform.clock.at += 15_000;
    scheduler.wake();
    await vi.waitFor(() => expect([...platform.runs.rows.values()].map(({ status }) => status)).toEqual(['refused']), { timeout: 5_000 });
    platform.clock.at += 3_600_000;
    scheduler.wake();
    await sleep(30);
    expect(platform.runs.rows.size).toBe(1);
  });

  it('that come in while it trains count for the next', async () => {
    await twoCategories();
    platform.trainer.beforeTraining = async () => {
      platform.clock.at += 1;
      await platform.runs.countNewPhoto(newId<PhotoId>(), platform.clock.now());
    };
    await train();
    expect((await platform.runs.scheduleState()).newPhotos).toBe(1);
  });
});

describe('a training of 40 minutes, longer than any broker waits for an answer', () => {
  const MINUTE = 60_000;
  let others: TrainingScheduler;
  beforeEach(async () => {
    vi.useFakeTimers();
    platform.clock.now = () => new Date();
    await twoCategories();
    platform.trainer.beforeTraining = ({ signal }) =>
      new Promise((resolve) => {
        setTimeout(resolve, 40 * MINUTE);
        signal?.addEventListener('abort', () => resolve());
      });
    others = platform.newScheduler();
    scheduler.onApplicationBootstrap();
    others.onApplicationBootstrap();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await others.beforeApplicationShutdown();
  });
  const running = () => [...platform.runs.rows.values()].filter(({ status }) => status === 'running');
  const tell = async (count: number) => {
    const handler = new ModelTrainingHandler(platform.runs, scheduler, platform.clock);
    for (let i = 0; i < count; i += 1) {
      expect(await handler.count({ batchId: newId(), totalImages: 9, fotoId: newId() })).toEqual({ kind: 'done' });
    }
  };

  it('keeps no message waiting, and no second one starts while it lives by its lease', async () => {
    await tell(20);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(running()).toMatchObject([{ fence: 1 }]);
    for (let minute = 1; minute < 39; minute += 1) {
      await tell(20); // enough for another one, every minute
      await vi.advanceTimersByTimeAsync(MINUTE);
      expect(running()).toMatchObject([{ fence: 1 }]);
      expect(platform.trainer.trained).toHaveLength(1);
    }
    await vi.advanceTimersByTimeAsync(3 * MINUTE);
    expect([...platform.runs.rows.values()][0]).toMatchObject({ status: 'done', fence: 1, attempts: 1 });
    expect(platform.trainer.trained).toHaveLength(2); // the next one, for the photos that came meanwhile
    expect(running()).toHaveLength(1);
  });

  it('is taken up by another worker as soon as its own is silent for longer than its lease', async () => {
    await tell(20);
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    const heartbeat = platform.runs.heartbeat.bind(platform.runs);
    const { id } = running()[0]!;
    platform.runs.heartbeat = (claim, ...rest) => (claim.fence === 1 ? Promise.reject(new TemporaryError('cut off')) : heartbeat(claim, ...rest));
    await vi.advanceTimersByTimeAsync(24_000); // its last heartbeat was up to 5 s ago
    expect(running()).toMatchObject([{ id, fence: 1 }]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(running()).toMatchObject([{ id, fence: 2 }]);
    await vi.advanceTimersByTimeAsync(41 * MINUTE);
    expect(platform.runs.rows.get(id)).toMatchObject({ status: 'done', fence: 2 });
    expect(platform.announcer.announced).toHaveLength(1);
  });
});

it('trains once and ends, for the command line', async () => {
  await twoCategories();
  expect(await scheduler.trainOnce()).toMatchObject({ status: 'done' });
  expect(platform.runs.rows.size).toBe(1);
});

it('removes the version that its own earlier attempt stored but never noted, and no other training’s', async () => {
  await twoCategories();
  const { store } = platform.collection;
  store.modifiedAt = platform.clock.now();
  const { id } = await request();
  const earlier = newModelVersion(new Date(0), id);
  const foreign = newModelVersion(new Date(0), newId());
  for (const version of [earlier, foreign]) {
    await store.put('models', `models/${version}/manifest.json`, Buffer.from('whole'));
  }
  scheduler.onApplicationBootstrap();
  await ended(id);
  const left = modelFiles().join('\n');
  expect(left).not.toContain(earlier);
  expect(left).toContain(foreign);
});

it('stores its version even when old ones can not be removed', async () => {
  await twoCategories();
  const { store } = platform.collection;
  store.list = async function* () {
    throw new TemporaryError('the store lists nothing now');
  };
  expect(await train()).toMatchObject({ status: 'done' });
});
