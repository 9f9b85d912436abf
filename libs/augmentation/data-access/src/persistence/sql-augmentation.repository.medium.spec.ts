import { MessageIdReusedError, type AugmentationJob, type AugmentationOrder, type AugmentationReport, type JobStatus, type VariantResult } from '@repo/augmentation-domain';
import { walkAugmentation } from '@repo/augmentation-domain/testing';
import { LearningDatabase, openDatabase, runMigrations } from '@repo/database';
import { startScratchDatabase } from '@repo/database/testing';
import { newId, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SqlAugmentationRepository } from './sql-augmentation.repository.js';
import { SqlInbox } from './sql-inbox.js';
import { learningEntities, learningMigrations } from './tables.js';

let database: LearningDatabase;
let jobs: SqlAugmentationRepository;
const query = <Row>(sql: string, parameters: unknown[] = []) => database.source.query(sql, parameters) as Promise<Row[]>;

beforeAll(async () => {
  const { url } = await startScratchDatabase();
  database = new LearningDatabase(await openDatabase(url, { entities: learningEntities, migrations: learningMigrations }));
  await runMigrations(database.source);
  jobs = new SqlAugmentationRepository(database);
});
afterAll(() => database?.close());

function order(over: Partial<AugmentationOrder> = {}): AugmentationOrder {
  return {
    photoId: newId<PhotoId>(),
    itemId: newId<ItemId>(),
    ownerId: newId<UserId>(),
    category: 'Moedas do Império',
    sourceKey: 'item/1/2.jpg',
    sourceSha256: 'a'.repeat(64),
    ...over,
  };
}

function result(over: Partial<VariantResult> = {}): VariantResult {
  return {
    plan: { transform: 'blur', params: { sigma: 2.5 }, paramsHash: '0123456789abcdef' },
    objectKey: `training/moedas/${newId()}.jpg`,
    sha256: 'b'.repeat(64),
    etag: 'c'.repeat(32),
    bytes: 90_000,
    width: 1024,
    height: 577,
    state: 'valid',
    ...over,
  };
}

function report(results: VariantResult[]): AugmentationReport {
  return { badQuality: false, quality: { sharpness: 600, brightness: 120, contrast: 40 }, results, elapsedMs: 321.7, fileSize: 4_000_000, stagesMs: { decode: 44 } };
}

async function claimed(of: AugmentationOrder): Promise<AugmentationJob> {
  const claim = await jobs.claim(of);
  return claim.kind === 'claimed' ? claim.job : expect.fail(`expected a claim, got ${claim.kind}`);
}

describe('a job', () => {
  it('is claimed, finished with all its rows at once, and not taken up again', async () => {
    const asked = order();
    const job = await claimed(asked);
    expect(job).toMatchObject({ ...asked, status: 'processing', attempts: 1, fence: 1 });
    const invalid = result({ plan: { transform: 'clahe', params: { tiles: 8, clipLimit: 2 }, paramsHash: 'f'.repeat(16) }, state: 'invalid_format', errorType: 'undecodable', etag: undefined });
    expect(await jobs.finish(job, report([result(), invalid]))).toBe('saved');

    expect(await jobs.claim(asked)).toEqual({ kind: 'finished', jobId: job.jobId, validVariants: 1 });
    const rows = await query('SELECT * FROM "AugmentationMetadata" WHERE photo_id = $1 ORDER BY transform', [asked.photoId]);
    expect(rows).toMatchObject([
      { job_id: job.jobId, item_id: asked.itemId, categoria: 'Moedas do Império', transform: 'blur', params: { sigma: 2.5 }, params_hash: '0123456789abcdef', state: 'valid', bytes: 90_000, bad_quality: false },
      { transform: 'clahe', state: 'invalid_format', error_type: 'undecodable', etag: null },
    ]);
    expect(await query('SELECT tempo, file_size, stages FROM augmentation_metrics WHERE job_id = $1', [job.jobId])).toEqual([{ tempo: 322, file_size: '4000000', stages: { decode: 44 } }]);
    expect(await query('SELECT status, attempts, sharpness, finished_at IS NOT NULL AS finished FROM augmentation_jobs WHERE job_id = $1', [job.jobId])).toEqual([
      { status: 'success', attempts: 1, sharpness: 600, finished: true },
    ]);
  });

  it('goes to the newer of two deliveries; the older may write nothing', async () => {
    const asked = order();
    const stalled = await claimed(asked);
    const taken = await claimed(asked);
    expect(taken).toMatchObject({ jobId: stalled.jobId, attempts: 2, fence: 2 });

    expect(await jobs.finish(stalled, report([result()]))).toBe('stale');
    await jobs.fail(stalled, { errorType: 'render_timeout', message: 'too slow', terminal: true });
    expect(await query('SELECT status, error_type FROM augmentation_jobs WHERE job_id = $1', [taken.jobId])).toEqual([{ status: 'processing', error_type: null }]);
    expect(await query('SELECT 1 FROM augmentation_results WHERE job_id = $1', [taken.jobId])).toEqual([]);

    expect(await jobs.finish(taken, report([result()]))).toBe('saved');
    expect(await jobs.finish(taken, report([result()]))).toBe('stale');
  });

  it('is one for a photo, however many deliveries start at the same moment', async () => {
    const asked = order();
    const claims = await Promise.all(Array.from({ length: 6 }, () => claimed(asked)));
    expect(new Set(claims.map(({ jobId }) => jobId)).size).toBe(1);
    expect(claims.map(({ fence }) => fence).sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps no rows when one of them is refused', async () => {
    const job = await claimed(order());
    await expect(jobs.finish(job, report([result(), result()]))).rejects.toThrow(/unique/); // the same variant twice
    expect(await query('SELECT 1 FROM augmentation_results WHERE job_id = $1', [job.jobId])).toEqual([]);
    expect(await query('SELECT status FROM augmentation_jobs WHERE job_id = $1', [job.jobId])).toEqual([{ status: 'processing' }]);
  });

  it('replaces its rows when the photo has other bytes now', async () => {
    const asked = order();
    await jobs.finish(await claimed(asked), report([result()]));
    const again = await claimed({ ...asked, sourceSha256: 'd'.repeat(64) });
    expect(await jobs.finish(again, report([result({ sha256: 'e'.repeat(64) })]))).toBe('saved');
    expect(await query('SELECT sha256 FROM augmentation_results WHERE photo_id = $1', [asked.photoId])).toEqual([{ sha256: 'e'.repeat(64) }]);
  });

  it.each([
    [false, { status: 'processing', finished: false }],
    [true, { status: 'failed', finished: true }],
  ])('notes why an attempt failed (the last: %s)', async (terminal, expected) => {
    const job = await claimed(order());
    await jobs.fail(job, { errorType: 'render_crashed', message: 'SIGSEGV', terminal });
    const rows = await query('SELECT status, error_type, error_message, finished_at IS NOT NULL AS finished FROM augmentation_jobs WHERE job_id = $1', [job.jobId]);
    expect(rows).toEqual([{ ...expected, error_type: 'render_crashed', error_message: 'SIGSEGV' }]);
  });

  it('starts again after it failed, its error forgotten once it succeeds', async () => {
    const asked = order();
    await jobs.fail(await claimed(asked), { errorType: 'temporary', message: 'away', terminal: true });
    const job = await claimed(asked);
    await jobs.finish(job, report([result()]));
    expect(await query('SELECT status, attempts, error_type FROM augmentation_jobs WHERE job_id = $1', [job.jobId])).toEqual([{ status: 'success', attempts: 2, error_type: null }]);
  });

  it('is given up when its lease ended long ago', async () => {
    const [lost, alive] = [await claimed(order()), await claimed(order())];
    await query(`UPDATE augmentation_jobs SET lease_until = '2020-01-01' WHERE job_id = $1`, [lost.jobId]);
    expect(await jobs.abandonJobs(new Date('2021-01-01'))).toBe(1);
    const rows = await query('SELECT job_id, status, error_type FROM augmentation_jobs WHERE job_id = ANY($1) ORDER BY status', [[lost.jobId, alive.jobId]]);
    expect(rows).toMatchObject([{ job_id: lost.jobId, status: 'failed', error_type: 'abandoned' }, { job_id: alive.jobId, status: 'processing' }]);
    expect(await jobs.finish(lost, report([result()]))).toBe('abandoned');
  });
});

describe('a deleted photo', () => {
  it('is claimed no more', async () => {
    const asked = order();
    expect(await jobs.markRemoved(asked.photoId)).toEqual({ variantKeys: [], category: undefined });
    expect(await jobs.claim(asked)).toEqual({ kind: 'removed' });
    expect(await jobs.isRemoved(asked.photoId)).toBe(true);
    expect(await jobs.isRemoved(newId())).toBe(false);
  });

  it('gets no rows from an augmentation that still ran', async () => {
    const asked = order();
    const job = await claimed(asked);
    expect(await jobs.markRemoved(asked.photoId)).toEqual({ variantKeys: [], category: 'Moedas do Império' });
    expect(await jobs.finish(job, report([result()]))).toBe('removed');
    await jobs.forget(asked.photoId);
    expect(await jobs.finish(job, report([result()]))).toBe('removed');
    expect(await query('SELECT 1 FROM augmentation_jobs WHERE photo_id = $1', [asked.photoId])).toEqual([]);
  });

  it('names the variants to remove, and forgets its rows afterwards', async () => {
    const asked = order();
    const stored = result();
    await jobs.finish(await claimed(asked), report([stored]));
    expect((await jobs.markRemoved(asked.photoId)).variantKeys).toEqual([stored.objectKey]);
    expect((await jobs.markRemoved(asked.photoId)).variantKeys).toEqual([stored.objectKey]); // a second attempt finds them still
    await jobs.forget(asked.photoId);
    for (const table of ['augmentation_jobs', 'augmentation_results', 'augmentation_metrics']) {
      expect(await query(`SELECT 1 FROM ${table} WHERE photo_id = $1`, [asked.photoId])).toEqual([]);
    }
  });

  it('never leaves rows, whichever of deletion and augmentation commits first', async () => {
    for (let round = 0; round < 20; round++) {
      const asked = order();
      const job = await claimed(asked);
      const [outcome, removed] = await Promise.all([jobs.finish(job, report([result()])), jobs.markRemoved(asked.photoId)]);
      // Either the augmentation learns of the deletion, or the deletion of the variants.
      expect(outcome === 'removed' || removed.variantKeys.length === 1).toBe(true);
    }
  });
});

describe('the sweeper', () => {
  it('learns which objects no row knows', async () => {
    const stored = result();
    await jobs.finish(await claimed(order()), report([stored]));
    expect(await jobs.unknownKeys([stored.objectKey, 'training/x/stray.jpg'])).toEqual(['training/x/stray.jpg']);
    expect(await jobs.unknownKeys([])).toEqual([]);
  });

  it('leaves the objects of a photo in work to who works on it', async () => {
    const asked = order();
    const key = `training/moedas/${asked.itemId}/${asked.photoId}/blur-1.jpg`;
    const job = await claimed(asked);
    expect(await jobs.unknownKeys([key])).toEqual([]);
    await jobs.fail(job, { errorType: 'temporary', message: 'away', terminal: true });
    expect(await jobs.unknownKeys([key])).toEqual([key]);
  });

  it('forgets old deletions and messages, and keeps the young', async () => {
    const [old, young] = [newId<PhotoId>(), newId<PhotoId>()];
    await jobs.markRemoved(old);
    await jobs.markRemoved(young);
    await query(`UPDATE removed_photos SET removed_at = '2020-01-01' WHERE photo_id = $1`, [old]);
    await jobs.prune(new Date('2021-01-01'));
    expect([await jobs.isRemoved(old), await jobs.isRemoved(young)]).toEqual([false, true]);
  });
});

describe('the inbox', () => {
  const inbox = () => new SqlInbox(database);
  const message = (body: unknown = { fotoId: '1' }) => ({ messageId: newId<PhotoId>(), queue: 'ImageAugmentations', body });

  it('knows a message as handled only after it was handled to its end', async () => {
    const received = message();
    expect(await inbox().wasHandled(received)).toBe(false);
    expect(await inbox().wasHandled(received)).toBe(false); // its first delivery died
    await inbox().markHandled(received.messageId);
    expect(await inbox().wasHandled(received)).toBe(true);
  });

  it('refuses an id that comes with another body', async () => {
    const received = message();
    await inbox().wasHandled(received);
    await expect(inbox().wasHandled({ ...received, body: { fotoId: '2' } })).rejects.toThrow(MessageIdReusedError);
  });
});

it('keeps every promise on random walks of two workers below a broker that drops, doubles and reorders', async () => {
  const stored = async (photoId: PhotoId) => {
    const [job] = await query<{ jobId: string; status: JobStatus; fence: number }>('SELECT job_id AS "jobId", status, fence FROM augmentation_jobs WHERE photo_id = $1', [photoId]);
    const rows = await query<{ object_key: string }>('SELECT object_key FROM augmentation_results WHERE photo_id = $1', [photoId]);
    return job && { ...job, objectKeys: rows.map(({ object_key }) => object_key) };
  };
  const met = await walkAugmentation(() => ({ jobs, inbox: new SqlInbox(database), stored }), { runs: 40, seed: 1 });
  expect(met.size).toBeGreaterThanOrEqual(5);
});

it('can take its migration back', async () => {
  const { url } = await startScratchDatabase();
  const source = await openDatabase(url, { entities: learningEntities, migrations: learningMigrations });
  await runMigrations(source);
  await source.undoLastMigration();
  expect(await source.query(`SELECT 1 FROM information_schema.tables WHERE table_name LIKE 'augmentation%'`)).toEqual([]);
  await source.destroy();
});
