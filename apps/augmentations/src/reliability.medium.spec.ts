import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ImageProcessPool, learningEntities, learningMigrations } from '@repo/augmentation-data-access';
import { AugmentationRepository, type RenderedPhoto } from '@repo/augmentation-domain';
import { LeftoversSweeper } from '@repo/augmentation-feature-augment';
import { imageAugmentations, photoRemovals, type Envelope } from '@repo/contracts';
import { startDatabaseWithTables } from '@repo/database/testing';
import { builtFile, newId, TemporaryError, type Clock, type Outcome } from '@repo/kernel';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelopeOf, WorkerUnderTest, type PhotoBody, type WorkerPlace } from './testing/worker-under-test.js';

/** Image processes that tell what failed photos cost, hold an answer back as a worker does that is stopped, and lose a variant. */
class WatchedImages extends ImageProcessPool {
  /** `stands still` when the next answer is held back; it waits for `go on`. */
  readonly events = new EventEmitter();
  stopsNext = false;
  /** This one fails, as a loop of ours or libvips may. */
  failingTransform: string | undefined;
  /** Milliseconds that went into photos that came to nothing. */
  wastedMs = 0;

  override async render(...asked: Parameters<ImageProcessPool['render']>): Promise<RenderedPhoto> {
    const startedAt = performance.now();
    try {
      const rendered = await super.render(...asked);
      if (this.stopsNext) {
        this.stopsNext = false;
        const goOn = once(this.events, 'go on');
        this.events.emit('stands still');
        await goOn;
      }
      const failed = { bytes: Buffer.alloc(0), defect: 'transform_failed', failure: 'RangeError: for a test' } as const;
      return { ...rendered, variants: rendered.variants.map((variant) => (variant.plan.transform === this.failingTransform ? { ...variant, ...failed } : variant)) };
    } catch (error) {
      this.wastedMs += performance.now() - startedAt;
      throw error;
    }
  }
}

let place: WorkerPlace;
let worker: WorkerUnderTest;
let images: WatchedImages;
let photo: Buffer;

beforeAll(async () => {
  const url = await startDatabaseWithTables({ entities: learningEntities, migrations: learningMigrations });
  place = { databaseUrl: url, folder: await mkdtemp(path.join(tmpdir(), 'augmentations-')) };
  worker = await WorkerUnderTest.open(place, (options) => (images = new WatchedImages(options)));
  photo = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } } }).jpeg().toBuffer();
});
afterAll(async () => {
  await worker?.close();
  await rm(place.folder, { recursive: true, force: true });
});

/** Hands a message to a service of its own that dies at a crash point; answers how it ended. */
async function dieOver(envelope: Envelope, crashAt: string): Promise<{ code: number | null; signal: string | null }> {
  const order = JSON.stringify({ ...place, crashAt, envelope });
  const child = fork(builtFile(import.meta.url, './testing/deliver-once.process.js'), [order], { execArgv: [], stdio: 'ignore' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal };
}

const passages = (name: string) => Array.from({ length: 9 }, (_, index) => `${name}:${index + 1}`);

describe('a worker that dies', () => {
  it.each([
    'augment.received',
    'augment.claimed',
    'augment.downloaded',
    ...passages('augment.rendered'),
    ...passages('augment.uploaded'),
    'augment.before-commit',
    'augment.after-commit',
    'augment.announced',
    'augment.before-acknowledge',
  ])('at %s leaves its photo to the next delivery: nine rows, nine objects, one signal, nothing besides', async (crashAt) => {
    const body = await worker.upload(photo);
    const signals = await worker.signals();
    const message = envelopeOf(imageAugmentations, body);
    const end = await dieOver(message, crashAt);
    expect(end).toEqual(crashAt.startsWith('augment.rendered') ? { code: 1, signal: null } : { code: null, signal: 'SIGKILL' });

    const startedAt = performance.now();
    await worker.deliver({ ...message, attempt: 2 });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const traces = await worker.traces(body);
    expect(traces).toMatchObject({ job: { status: 'success', error_type: null }, metrics: 1, hasOriginal: true });
    expect(traces.rows).toHaveLength(9);
    expect(traces.objects).toEqual(traces.rows);
    expect(await worker.signals()).toBe(signals + 1);

    await expect(worker.deliver({ ...message, attempt: 3 })).resolves.toMatchObject({ kind: 'skipped' });
    expect(await worker.traces(body)).toEqual(traces);
    expect(await worker.signals()).toBe(signals + 1);
  });

  it.each(['remove.marked', 'remove.objects-gone', 'remove.rows-gone'])('at %s leaves the rest of a deleted photo to the next delivery', async (crashAt) => {
    const body = await worker.upload(photo);
    const augment = envelopeOf(imageAugmentations, body);
    await worker.deliver(augment);
    const message = envelopeOf(photoRemovals, body);
    expect(await dieOver(message, crashAt)).toEqual({ code: null, signal: 'SIGKILL' });

    await worker.deliver({ ...message, attempt: 2 });
    const gone = { job: undefined, rows: [], objects: [], metrics: 0, hasOriginal: false };
    expect(await worker.traces(body)).toEqual(gone);
    await worker.deliver({ ...augment, messageId: newId() }); // a copy that comes late
    expect(await worker.traces(body)).toEqual(gone);
  });
});

describe('a worker that stands still while another takes over', () => {
  async function stopped(body: PhotoBody): Promise<{ goOn: () => Promise<Outcome> }> {
    images.stopsNext = true;
    const standsStill = once(images.events, 'stands still');
    const late = worker.deliver(envelopeOf(imageAugmentations, body));
    await standsStill;
    return { goOn: () => (images.events.emit('go on'), late) };
  }
  const rowsOf = ({ fotoId }: PhotoBody) => worker.query('SELECT * FROM augmentation_results WHERE photo_id = $1 ORDER BY id', [fotoId]);

  it('writes nothing any more: its fence is old, and its objects are the same ones', async () => {
    const body = await worker.upload(photo);
    const zombie = await stopped(body);
    const signals = await worker.signals();
    await expect(worker.deliver(envelopeOf(imageAugmentations, body, { attempt: 2 }))).resolves.toEqual({ kind: 'done' });
    const [rows, traces] = [await rowsOf(body), await worker.traces(body)];

    await expect(zombie.goOn()).resolves.toMatchObject({ kind: 'skipped', why: 'another delivery of the message took over' });
    expect(await rowsOf(body)).toEqual(rows);
    expect(await worker.traces(body)).toEqual(traces);
    expect(traces).toMatchObject({ job: { status: 'success', attempts: 2 }, metrics: 1 });
    expect(await worker.signals()).toBe(signals + 1);
  });

  it('leaves nothing of a photo that was deleted meanwhile', async () => {
    const body = await worker.upload(photo);
    const zombie = await stopped(body);
    await worker.deliver(envelopeOf(photoRemovals, body));
    await expect(zombie.goOn()).resolves.toMatchObject({ kind: 'skipped', why: 'the photo was deleted' });
    expect(await worker.traces(body)).toEqual({ job: undefined, rows: [], objects: [], metrics: 0, hasOriginal: false });
  });

  it('begins anew when its job was given up, and its objects are gone', async () => {
    const body = await worker.upload(photo);
    const zombie = await stopped(body);
    await worker.query(`UPDATE augmentation_jobs SET lease_until = now() - interval '1 day' WHERE photo_id = $1`, [body.fotoId]);
    await worker.get(LeftoversSweeper).sweepRows();
    await expect(zombie.goOn()).rejects.toThrow(TemporaryError);
    expect(await worker.traces(body)).toMatchObject({ job: { status: 'failed', error_type: 'abandoned' }, rows: [] });
    await expect(worker.deliver(envelopeOf(imageAugmentations, body, { attempt: 2 }))).resolves.toEqual({ kind: 'done' });
    expect((await worker.traces(body)).rows).toHaveLength(9);
  });
});

it('stores the other eight variants when one transformation fails, and says which', async () => {
  images.failingTransform = 'clahe';
  const body = await worker.upload(photo);
  await worker.deliver(envelopeOf(imageAugmentations, body));
  images.failingTransform = undefined;
  const traces = await worker.traces(body);
  expect(traces).toMatchObject({ job: { status: 'success', error_type: null }, metrics: 1 });
  expect(traces.rows).toHaveLength(8);
  expect(traces.objects).toEqual(traces.rows);
  const failed = await worker.query(`SELECT transform, state, error_type FROM augmentation_results WHERE photo_id = $1 AND error_type IS NOT NULL`, [body.fotoId]);
  expect(failed).toEqual([{ transform: 'clahe', state: 'invalid_format', error_type: 'transform_failed' }]);
});

describe('every message twice', () => {
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  it('costs the second nothing and changes nothing, for photos that come and photos that go', async () => {
    const bodies = await Promise.all(Array.from({ length: 12 }, () => worker.upload(photo)));
    const tracesOfAll = () => Promise.all(bodies.map((body) => worker.traces(body)));
    for (const message of [imageAugmentations, photoRemovals]) {
      const envelopes = bodies.map((body) => envelopeOf(message as typeof imageAugmentations, body));
      for (const envelope of envelopes) {
        await worker.deliver(envelope);
      }
      const [traces, signals] = [await tracesOfAll(), await worker.signals()];
      const secondMs: number[] = [];
      for (const envelope of envelopes) {
        const startedAt = performance.now();
        await expect(worker.deliver({ ...envelope, attempt: 2 })).resolves.toMatchObject({ why: 'the message was handled before' });
        secondMs.push(performance.now() - startedAt);
      }
      expect(median(secondMs)).toBeLessThanOrEqual(20);
      expect(await tracesOfAll()).toEqual(traces);
      expect(await worker.signals()).toBe(signals);
    }
  });

  it('changes nothing when the second comes after a week, its inbox row gone', async () => {
    const body = await worker.upload(photo);
    const message = envelopeOf(imageAugmentations, body);
    await worker.deliver(message);
    const traces = await worker.traces(body);
    await worker.query('DELETE FROM inbox');
    await expect(worker.deliver(message)).resolves.toMatchObject({ kind: 'skipped' });
    expect(await worker.traces(body)).toEqual(traces);
    // Even one that is worked on again, as when its job was marked as failed by hand, adds no row and no object.
    await worker.query(`DELETE FROM inbox`);
    await worker.query(`UPDATE augmentation_jobs SET status = 'failed' WHERE photo_id = $1`, [body.fotoId]);
    await expect(worker.deliver(message)).resolves.toEqual({ kind: 'done' });
    expect(await worker.traces(body)).toMatchObject({ rows: traces.rows, objects: traces.objects });
  });
});

describe('a database that refuses one of the inserts of an augmentation', () => {
  const clockIn = (hours: number): Clock => ({ now: () => new Date(Date.now() + hours * 3_600_000) });

  it.each<[string, string, string]>([
    ...Array.from({ length: 9 }, (_, index): [string, string, string] => [
      `variant ${index + 1}`,
      'BEFORE INSERT ON augmentation_results',
      `(SELECT count(*) FROM augmentation_results WHERE photo_id = NEW.photo_id) = ${index}`,
    ]),
    ['the figures', 'BEFORE INSERT ON augmentation_metrics', 'true'],
    ['the end of the job', 'BEFORE UPDATE ON augmentation_jobs', `NEW.status = 'success'`],
  ])('(%s) keeps no row of the photo; its objects are swept, and the next delivery makes all of it', async (_, when, condition) => {
    await worker.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF ${condition} THEN RAISE EXCEPTION 'refused for a test'; END IF; RETURN NEW; END $$`);
    await worker.query(`CREATE TRIGGER refusal ${when} FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const body = await worker.upload(photo);
    await expect(worker.deliver(envelopeOf(imageAugmentations, body))).rejects.toThrow('refused for a test').finally(() => worker.query('DROP FUNCTION refuse CASCADE'));
    const refused = await worker.traces(body);
    expect(refused).toMatchObject({ job: { status: 'failed' }, rows: [], metrics: 0 });
    expect(refused.objects).toHaveLength(9);

    const sweeper = (hours: number) => new LeftoversSweeper(worker.get(AugmentationRepository), worker.store, clockIn(hours));
    await sweeper(0.9).sweepObjects();
    expect((await worker.traces(body)).objects).toHaveLength(9); // another worker may just be writing their rows
    await sweeper(1.1).sweepObjects();
    expect((await worker.traces(body)).objects).toEqual([]);

    await worker.deliver(envelopeOf(imageAugmentations, body));
    expect(await worker.traces(body)).toMatchObject({ job: { status: 'success' }, metrics: 1, rows: refused.objects, objects: refused.objects });
  });

  it('(the job) leaves nothing at all', async () => {
    await worker.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused for a test'; END $$`);
    await worker.query(`CREATE TRIGGER refusal BEFORE INSERT ON augmentation_jobs FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const body = await worker.upload(photo);
    await expect(worker.deliver(envelopeOf(imageAugmentations, body))).rejects.toThrow('refused for a test').finally(() => worker.query('DROP FUNCTION refuse CASCADE'));
    expect(await worker.traces(body)).toEqual({ job: undefined, rows: [], objects: [], metrics: 0, hasOriginal: true });
  });
});

describe('a photo that kills the image process', () => {
  const realWorker = import.meta.resolve('@repo/augmentation-data-access').replace(/(src|dist)\/index\.[jt]s$/, 'dist/rendering/render.worker.js');
  let fragile: WorkerUnderTest;
  let fragileImages: WatchedImages;
  beforeAll(async () => {
    const workerFile = path.join(place.folder, 'fragile.worker.mjs');
    await writeFile(
      workerFile,
      `const { emit } = process;
       process.emit = function (event, message, ...rest) {
         const signal = event === 'message' && { SIGSEGV: 'SIGSEGV', SIGKILL: 'SIGKILL' }[message.order.category];
         if (signal) process.kill(process.pid, signal);
         return emit.call(this, event, message, ...rest);
       };
       await import(${JSON.stringify(realWorker)});`,
    );
    fragile = await WorkerUnderTest.open(place, (options) => (fragileImages = new WatchedImages({ ...options, workerFile })));
  });
  afterAll(() => fragile?.close());

  it.each([
    ['a native decoder crashes', 'SIGSEGV'],
    ['the kernel takes its memory back', 'SIGKILL'],
  ])('because %s is buried after three crashes of its own; its nine neighbours are done at once', async (_, category) => {
    const bus = new InMemoryMessageBus({ retries: { waitsMs: [1, 1], jitter: 0 } });
    await bus.subscribe(imageAugmentations, (_body, envelope) => fragile.deliver(envelope), { parallel: 10 });
    const [bad, ...good] = await Promise.all([category, ...Array.from({ length: 9 }, () => 'Minerais')].map((name) => fragile.upload(photo, name)));
    fragileImages.wastedMs = 0;
    for (const body of [bad!, ...good]) {
      await bus.publish(imageAugmentations, body);
    }
    await bus.settled();

    expect(bus.deadLettersOf(imageAugmentations.queue)).toMatchObject([{ cause: 'attempts used up', attempt: 3, reason: expect.stringContaining(`(${category}) while it rendered photo ${bad!.fotoId}`) as string }]);
    expect(await fragile.traces(bad!)).toMatchObject({ job: { status: 'failed', attempts: 3, error_type: 'render_crashed' }, rows: [], objects: [] });
    for (const body of good) {
      expect(await fragile.traces(body)).toMatchObject({ job: { status: 'success', attempts: 1 } });
    }
    expect(fragileImages.wastedMs).toBeLessThan(20_000);
  });
});
