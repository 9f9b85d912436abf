import { LearningDatabase, openDatabase, runMigrations } from '@repo/database';
import { startScratchDatabase } from '@repo/database/testing';
import { newId, type ItemId, type PhotoId, type TrainingRunId, type UserId } from '@repo/kernel';
import {
  decideTraining,
  defaultTrainingRules,
  newModelVersion,
  TrainingFinishedError,
  TrainingNotFoundError,
  type ModelMetrics,
  type TrainingClaim,
  type TrainingProgress,
} from '@repo/recognition-domain';
import { walkTraining } from '@repo/recognition-domain/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SqlAugmentedVariants } from './sql-augmented-variants.js';
import { SqlEmbeddingStore } from './sql-embedding.store.js';
import { SqlModelMetricsStore } from './sql-model-metrics.store.js';
import { learningEntities, learningMigrations } from './tables.js';
import { SqlTrainingRuns } from './sql-training-runs.repository.js';

let database: LearningDatabase;
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 12, 0, second));
const query = <Row>(sql: string, parameters: unknown[] = []) => database.source.query(sql, parameters) as Promise<Row[]>;

beforeAll(async () => {
  const { url } = await startScratchDatabase();
  database = new LearningDatabase(await openDatabase(url, { entities: learningEntities, migrations: learningMigrations }));
  await runMigrations(database.source);
  // The augmentation's tables, as far as recognition reads them.
  await query('CREATE TABLE augmentation_jobs (job_id uuid PRIMARY KEY, photo_id uuid UNIQUE, status text, bad_quality boolean)');
  await query('CREATE TABLE augmentation_results (job_id uuid, photo_id uuid, transform text, params_hash text, object_key text, sha256 text, state text)');
  await query('CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY, removed_at timestamptz)');
});
afterAll(() => database?.close());

describe('trainings', () => {
  const runs = () => new SqlTrainingRuns(database);
  const progress = (percent: number): TrainingProgress => ({ phase: 'training', percent, photos: 150, epochs: [{ epoch: 1, epochs: 100, loss: 1.2, accuracy: 0.5 }] });
  const request = (second: number, requestedBy?: UserId) => runs().request({ motive: 'test', requestedBy, at: at(second) });
  async function claimed(second: number) {
    const { id } = await request(second, newId<UserId>());
    const claim = await runs().claim(id, at(second), at(second + 30));
    return claim ?? expect.fail('the run could not be claimed');
  }

  beforeEach(async () => {
    await query('TRUNCATE training_runs, training_new_photos');
  });

  it('queues a request, and asks anew for one that still waits', async () => {
    const [ana, rui] = [newId<UserId>(), newId<UserId>()];
    const first = await request(1, ana);
    expect(first).toMatchObject({ status: 'queued', motive: 'test', requestedBy: ana, requestedAt: at(1), modelVersion: undefined });
    expect(await request(2, ana)).toMatchObject({ id: first.id, requestedAt: at(2) });
    expect((await request(3, rui)).id).not.toBe(first.id);
    expect((await request(4)).requestedBy).toBeUndefined();
    expect(await runs().list(2)).toHaveLength(2);
    expect((await runs().list(10)).map(({ requestedAt }) => requestedAt)).toEqual([at(4), at(3), at(2)]);
  });

  it('lets one of many claim, and one training run at a time', async () => {
    const queued = await Promise.all([request(1, newId<UserId>()), request(1, newId<UserId>()), request(1, newId<UserId>())]);
    const claims = await Promise.all([...queued, ...queued, ...queued].map(({ id }) => runs().claim(id, at(2), at(32))));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect((await runs().scheduleState()).running).toEqual({ id: claims.find(Boolean)?.run.id, leaseUntil: at(32) });
  });

  it('keeps lease and progress of who holds the claim', async () => {
    const claim = await claimed(1);
    expect(await runs().heartbeat(claim, at(60), progress(40))).toBe('held');
    expect((await runs().scheduleState()).running?.leaseUntil).toEqual(at(60));
    expect(await runs().get(claim.run.id)).toMatchObject({ status: 'running', startedAt: at(1), progress: progress(40) });
  });

  it('refuses what a worker writes whose lease was lost', async () => {
    const zombie = await claimed(1);
    await runs().requeueLost(zombie.run.id, at(30));
    expect((await runs().get(zombie.run.id)).status).toBe('running'); // the lease ends after second 31
    await runs().requeueLost(zombie.run.id, at(32));
    const heir = await runs().claim(zombie.run.id, at(33), at(63));
    expect(heir).toMatchObject({ fence: zombie.fence + 1, attempt: 2 });

    expect(await runs().heartbeat(zombie, at(99), progress(99))).toBe('lost');
    expect(await runs().noteVersion(zombie, newModelVersion(at(1), zombie.run.id))).toBe(false);
    expect(await runs().finish(zombie, { status: 'done', reason: undefined }, progress(100), at(34))).toBe(false);
    await runs().release(zombie, 'interrupted');
    expect(await runs().get(zombie.run.id)).toMatchObject({ status: 'running', modelVersion: undefined, progress: undefined });
  });

  it('finishes once', async () => {
    const claim = await claimed(1);
    const version = newModelVersion(at(1), claim.run.id);
    expect(await runs().noteVersion(claim, version)).toBe(true);
    expect(await runs().finish(claim, { status: 'refused', reasonCode: 'QUALITY_GATE', reason: 'worse' }, progress(100), at(9))).toBe(true);
    expect(await runs().finish(claim, { status: 'done', reason: undefined }, progress(100), at(10))).toBe(false);
    expect(await runs().get(claim.run.id)).toMatchObject({ status: 'refused', reasonCode: 'QUALITY_GATE', reason: 'worse', modelVersion: version, finishedAt: at(9) });
    expect(await query('SELECT photos FROM training_runs')).toEqual([{ photos: 150 }]);
  });

  it.each([
    ['interrupted', 1],
    ['failed', 2],
  ] as const)('gives an %s run back; its next start is attempt %d', async (why, attempt) => {
    const claim = await claimed(1);
    await runs().release(claim, why);
    expect((await runs().get(claim.run.id)).status).toBe('queued');
    expect(await runs().claim(claim.run.id, at(2), at(32))).toMatchObject({ attempt, fence: 2 });
  });

  it('tells a worker that its run was cancelled', async () => {
    const claim = await claimed(1);
    expect(await runs().cancel(claim.run.id, 'by hand', at(3))).toMatchObject({ status: 'cancelled', reason: 'by hand', finishedAt: at(3) });
    expect(await runs().heartbeat(claim, at(60), progress(40))).toBe('cancelled');
    expect(await runs().finish(claim, { status: 'done', reason: undefined }, progress(100), at(4))).toBe(false);
  });

  it('cancels what is not finished, and only that', async () => {
    const { id } = await request(1);
    await runs().noteWaiting(id, { phase: 'waiting', percent: 0, photosAugmenting: 3, epochs: [] });
    expect((await runs().get(id)).progress?.photosAugmenting).toBe(3);
    await runs().cancel(id, 'by hand', at(2));
    await expect(runs().cancel(id, 'again', at(3))).rejects.toThrow(TrainingFinishedError);
    await expect(runs().cancel(newId<TrainingRunId>(), 'no such run', at(3))).rejects.toThrow(TrainingNotFoundError);
  });

  it('does not cancel what has made a version, which may serve already', async () => {
    const claim = await claimed(1);
    const version = newModelVersion(at(1), claim.run.id);
    await runs().noteVersion(claim, version);
    await expect(runs().cancel(claim.run.id, 'too late', at(3))).rejects.toThrow(version);
    expect(await runs().finish(claim, { status: 'done', reason: undefined }, progress(100), at(4))).toBe(true);
  });

  it('counts a photo once', async () => {
    const photoId = newId<PhotoId>();
    await runs().countNewPhoto(photoId, at(1));
    await runs().countNewPhoto(photoId, at(2));
    await runs().countNewPhoto(newId<PhotoId>(), at(3));
    expect(await runs().scheduleState()).toEqual({ running: undefined, queued: undefined, newPhotos: 2, oldestNewPhotoAt: at(1), newestNewPhotoAt: at(3) });
    await runs().clearNewPhotos(at(2));
    expect((await runs().scheduleState()).newPhotos).toBe(1);
  });

  it('counts a photo no more that is told again after its training, and is quick about it', async () => {
    const photoIds = Array.from({ length: 20 }, () => newId<PhotoId>());
    for (const photoId of photoIds) {
      await runs().countNewPhoto(photoId, at(1));
    }
    await runs().clearNewPhotos(at(2));
    const againMs: number[] = [];
    for (const photoId of photoIds) {
      const startedAt = performance.now();
      await runs().countNewPhoto(photoId, at(3));
      againMs.push(performance.now() - startedAt);
    }
    expect((await runs().scheduleState()).newPhotos).toBe(0);
    expect(againMs.sort((a, b) => a - b)[10]).toBeLessThan(20);
  });

  it('forgets photos a quarter of a year after their training', async () => {
    await runs().countNewPhoto(newId<PhotoId>(), at(1));
    await runs().clearNewPhotos(at(2));
    const later = (days: number) => new Date(at(2).getTime() + days * 24 * 3_600_000);
    const kept = () => query('SELECT 1 FROM training_new_photos');
    await runs().clearNewPhotos(later(89));
    expect(await kept()).toHaveLength(1);
    await runs().clearNewPhotos(later(91));
    expect(await kept()).toHaveLength(0);
  });

  it('starts one training for 1,000 photos that come in within 5 minutes, one at a time', async () => {
    const rules = defaultTrainingRules;
    const starts: number[] = [];
    let running: { claim: TrainingClaim; endsAt: number } | undefined;
    let mostAtOnce = 0;
    let told = 0;
    for (let second = 1; second <= 1_200; second += 1) {
      for (; told < Math.min(1_000, (second * 1_000) / 300); told += 1) {
        await runs().countNewPhoto(newId<PhotoId>(), at(second));
      }
      if (running && second >= running.endsAt) {
        await runs().finish(running.claim, { status: 'done', reason: undefined }, progress(100), at(second));
        await runs().clearNewPhotos(running.claim.run.startedAt!);
        running = undefined;
      }
      const { queued, ...state } = await runs().scheduleState();
      const decision = decideTraining({ ...state, queued: queued && { ...queued, photosAugmenting: 0 } }, at(second), rules);
      if (decision.kind === 'request') {
        await runs().request({ motive: decision.motive, requestedBy: undefined, at: at(second) });
      } else if (decision.kind === 'start') {
        starts.push(second);
        const claim = await runs().claim(decision.id, at(second), at(second + 600));
        running = { claim: claim!, endsAt: second + 120 };
      }
      const [{ count }] = (await query(`SELECT count(*)::integer AS count FROM training_runs WHERE status = 'running'`)) as [{ count: number }];
      mostAtOnce = Math.max(mostAtOnce, count);
    }
    expect(starts.length).toBeGreaterThanOrEqual(1);
    expect(starts.length).toBeLessThanOrEqual(2);
    expect(mostAtOnce).toBe(1);
    expect((await runs().scheduleState()).newPhotos).toBe(0);
  });

  it('keeps every promise on random walks of two workers', async () => {
    const open = async () => {
      await query('TRUNCATE training_runs, training_new_photos');
      return runs();
    };
    const met = await walkTraining(open, { runs: 40, seed: 1 });
    expect(met.size).toBeGreaterThanOrEqual(6);
  });

  it.each([
    ['queued by a person: they are still new', newId<UserId>(), false, 1],
    ['queued by the schedule: they wait for the next', undefined, false, 0],
    ['running: they wait for the next', newId<UserId>(), true, 0],
  ])('after cancelling a training that was %s', async (_, requestedBy, isRunning, newPhotos) => {
    await runs().countNewPhoto(newId<PhotoId>(), at(1));
    const { id } = await request(2, requestedBy);
    if (isRunning) {
      await runs().claim(id, at(3), at(33));
    }
    await runs().cancel(id, 'by hand', at(4));
    expect((await runs().scheduleState()).newPhotos).toBe(newPhotos);
  });
});

describe('vectors', () => {
  const store = () => new SqlEmbeddingStore(database);
  const vectorOf = (seed: number) => Float32Array.from({ length: 1280 }, (_, i) => Math.fround(Math.sin(seed + i)));
  const photo = (sha256: string, seed: number) => ({ photoId: newId<PhotoId>(), itemId: newId<ItemId>(), ownerId: newId<UserId>(), sha256, vector: vectorOf(seed) });
  async function all(space: string) {
    const found = [];
    for await (const page of store().photos(space)) {
      found.push(...page);
    }
    return found;
  }

  it('reads back exactly what was written, by space', async () => {
    const written = photo('aa', 1);
    await store().savePhoto('net-a', { ...written, vector: vectorOf(9) });
    await store().savePhoto('net-a', written);
    await store().savePhoto('net-b', { ...written, vector: vectorOf(2) });
    expect(await all('net-a')).toEqual([written]);
    expect((await all('net-b'))[0]?.vector).toEqual(vectorOf(2));
    expect(await all('net-c')).toEqual([]);
  });

  it('pages through many in the order of their ids', async () => {
    const written = Array.from({ length: 1_203 }, (_, i) => photo(`many-${i}`, i));
    await Promise.all(written.map((one) => store().savePhoto('net-many', one)));
    const found = await all('net-many');
    expect(found.map(({ photoId }) => photoId)).toEqual(written.map(({ photoId }) => photoId).sort());
  });

  it('takes part of a larger array without its neighbours', async () => {
    const large = Float32Array.from({ length: 3_000 }, (_, i) => i);
    await store().saveCached('net-a', [{ sha256: 'part', vector: large.subarray(7, 1287) }]);
    expect((await store().cached('net-a', ['part', 'none'])).get('part')).toEqual(Float32Array.from({ length: 1280 }, (_, i) => i + 7));
    expect((await store().cached('net-b', ['part'])).size).toBe(0);
  });

  it('removes a photo from every space, and from the cache unless another has its bytes', async () => {
    const [one, twin, other] = [photo('twin', 1), photo('twin', 1), photo('other', 2)];
    for (const written of [one, twin, other]) {
      await store().savePhoto('net-r', written);
      await store().savePhoto('net-s', written);
      await store().saveCached('net-r', [written]);
    }
    await store().removePhotos([one.photoId, other.photoId]);
    expect((await all('net-r')).map(({ photoId }) => photoId)).toEqual([twin.photoId]);
    expect(await all('net-s')).toHaveLength(1);
    expect([...(await store().cached('net-r', ['twin', 'other'])).keys()]).toEqual(['twin']);
    await store().removePhotos([twin.photoId]);
    expect((await store().cached('net-r', ['twin'])).size).toBe(0);
  });

  it('prunes cached vectors of images that are gone', async () => {
    const kept = photo('photo-bytes', 1);
    await store().savePhoto('net-p', kept);
    await query(`INSERT INTO augmentation_results (job_id, photo_id, sha256, state) VALUES ($1, $1, 'variant-bytes', 'valid')`, [newId()]);
    await store().saveCached('net-p', [kept, { sha256: 'variant-bytes', vector: vectorOf(2) }, { sha256: 'gone-bytes', vector: vectorOf(3) }]);
    expect(await store().pruneCache()).toBeGreaterThanOrEqual(1);
    expect([...(await store().cached('net-p', ['photo-bytes', 'variant-bytes', 'gone-bytes'])).keys()].sort()).toEqual(['photo-bytes', 'variant-bytes']);
  });
});

describe('variants', () => {
  const variants = () => new SqlAugmentedVariants(database);
  async function augmented(status: string, badQuality: boolean, states: string[]): Promise<PhotoId> {
    const [jobId, photoId] = [newId(), newId<PhotoId>()];
    await query('INSERT INTO augmentation_jobs VALUES ($1, $2, $3, $4)', [jobId, photoId, status, badQuality]);
    for (const [place, state] of states.entries()) {
      await query('INSERT INTO augmentation_results VALUES ($1, $2, $3, $4, $5, $6, $7)', [jobId, photoId, `t${place}`, 'h', `${photoId}/${place}`, `sum-${place}`, state]);
    }
    return photoId;
  }

  it('gives the valid ones of good photos', async () => {
    const good = await augmented('success', false, ['valid', 'upload_failed', 'valid']);
    await augmented('success', true, ['valid']);
    await augmented('processing', false, ['valid']);
    const found = (await variants().valid()).filter(({ photoId }) => photoId === good);
    expect(found).toEqual([
      { photoId: good, objectKey: `${good}/0`, sha256: 'sum-0' },
      { photoId: good, objectKey: `${good}/2`, sha256: 'sum-2' },
    ]);
    expect(await variants().valid()).toHaveLength(2);
  });

  it('knows which photos are not finished', async () => {
    const [done, failed, processing] = [await augmented('success', false, []), await augmented('failed', false, []), await augmented('processing', false, [])];
    const [unheard, removed] = [newId<PhotoId>(), newId<PhotoId>()];
    await query('INSERT INTO removed_photos VALUES ($1, now())', [removed]);
    expect((await variants().unfinished([done, failed, processing, unheard, removed])).sort()).toEqual([processing, unheard].sort());
    expect(await variants().unfinished([])).toEqual([]);
  });
});

describe('figures of versions', () => {
  const store = () => new SqlModelMetricsStore(database);
  const figures = (macroF1: number): ModelMetrics => {
    const runId = newId<TrainingRunId>();
    return {
      version: newModelVersion(at(1), runId),
      runId,
      metrics: {
        accuracy: 0.9,
        loss: 0.3,
        macroF1,
        ece: 0.04,
        valAccuracy: 0.88,
        valLoss: 0.35,
        perClass: [{ label: 'rose', precision: 1, recall: 0.8, f1: macroF1, support: 5 }],
        confusion: [[4, 1]],
        temperature: 1.3,
      },
      history: [{ epoch: 1, epochs: 100, loss: 1, accuracy: 0.5, valLoss: 1.1, valAccuracy: 0.4 }],
      lineage: {
        backend: 'wasm',
        parameters: { seed: 7, maxEpochs: 100, patience: 8, batchSize: 256, learningRate: 0.001, labelSmoothing: 0, weightDecay: 0 },
        photos: { train: 105, validation: 22, test: 23 },
        items: 150,
        variants: 1_350,
        leftOut: [{ label: 'tulip', photos: 2, items: 2 }],
        bestEpoch: 31,
        refitted: true,
        durationMs: 9_000,
        backbone: 'net-a',
        testSet: 'checksum',
        labels: ['rose'],
      },
      timestamp: at(2),
    };
  };

  it('reads back what was written, the last of two', async () => {
    const written = figures(0.87);
    await store().save({ ...written, metrics: { ...written.metrics, accuracy: 0.1 } });
    await store().save(written);
    expect(await store().get(written.version)).toEqual(written);
    expect(await store().scorecard(written.version)).toEqual({ version: written.version, macroF1: 0.87, perClass: written.metrics.perClass, testSet: 'checksum' });
    expect(await store().getMany([written.version, newModelVersion(at(9), newId())])).toHaveLength(1);
  });

  it('keeps what is no number as no number, so that the gate sees it', async () => {
    const written = figures(Number.NaN);
    await store().save(written);
    expect(await store().scorecard(written.version)).toMatchObject({ macroF1: Number.NaN, perClass: [{ f1: null }] });
  });

  it('reads versions from before anything was left out', async () => {
    const { leftOut: _, ...lineage } = figures(0.9).lineage;
    const written = { ...figures(0.9), version: newModelVersion(at(7), newId()), lineage: lineage as ModelMetrics['lineage'] };
    await store().save(written);
    expect((await store().get(written.version))?.lineage).toEqual({ ...lineage, leftOut: [] });
  });

  it('knows nothing of other versions', async () => {
    const version = newModelVersion(at(1), newId());
    expect(await store().get(version)).toBeUndefined();
    expect(await store().scorecard(version)).toBeUndefined();
  });
});
