import { Logger } from '@nestjs/common';
import { InMemoryAugmentations, InMemoryInbox } from '@repo/augmentation-domain/testing';
import { imageAugmentations, type Envelope, type MessageOf } from '@repo/contracts';
import { newId, TemporaryError, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { ObjectDamagedError } from '@repo/storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { AugmentPhotoHandler } from './augment-photo.handler.js';
import { PhotoAugmenter } from './photo-augmenter.js';
import { FakeObjectStore, FakeRenderer, sha256Of, variant } from './testing/fake-parts.js';
import { VariantStore } from './variant-store.js';

Logger.overrideLogger(false);

type Body = MessageOf<typeof imageAugmentations>;

const photo = Buffer.from('a photo');
let inbox: InMemoryInbox;
let jobs: InMemoryAugmentations;
let store: FakeObjectStore;
let renderer: FakeRenderer;
let bus: InMemoryMessageBus;
let handler: AugmentPhotoHandler;
let body: Body;

beforeEach(async () => {
  [inbox, jobs, store, renderer, bus] = [new InMemoryInbox(), new InMemoryAugmentations(), new FakeObjectStore(), new FakeRenderer(), new InMemoryMessageBus()];
  const variants = new VariantStore(store);
  handler = new AugmentPhotoHandler(inbox, jobs, new PhotoAugmenter(store, renderer, variants), variants, bus);
  body = { itemId: newId<ItemId>(), fotoId: newId<PhotoId>(), userId: newId<UserId>(), fotoCaminho: 'item/1/2.jpg', categoria: 'Moedas', sha256: sha256Of(photo) };
  await store.put('original', body.fotoCaminho, photo);
});

const envelope = (over: Partial<Envelope<Body>> = {}): Envelope<Body> => ({ messageId: newId(), name: imageAugmentations.name, sentAt: new Date().toISOString(), attempt: 1, body, ...over });
const deliver = (over: Partial<Envelope<Body>> = {}) => handler.augmentPhoto(body, envelope(over));
const photoId = () => body.fotoId as PhotoId;

it('stores the variants, writes the rows and tells the training', async () => {
  await expect(deliver()).resolves.toEqual({ kind: 'done' });
  const keys = renderer.variants.map(({ plan }) => `training/moedas/${body.itemId}/${body.fotoId}/rotate-90-${plan.paramsHash}.jpg`);
  expect(store.keys('processed')).toEqual(keys);
  expect(jobs.reports.get(photoId())).toMatchObject({
    badQuality: false,
    fileSize: photo.length,
    results: keys.map((objectKey) => ({ objectKey, state: 'valid' })),
    stagesMs: { download: expect.any(Number) as number, decode: 2, upload: expect.any(Number) as number },
  });
  const { jobId } = jobs.jobs.get(photoId())!;
  expect(bus.published).toMatchObject([{ name: 'model.train.v1', messageId: jobId, body: { batchId: jobId, totalImages: 3, fotoId: body.fotoId } }]);
});

it('tells the training only after the rows are written', async () => {
  const finish = jobs.finish.bind(jobs);
  jobs.finish = (job, report) => {
    expect(bus.published).toEqual([]);
    return finish(job, report);
  };
  await deliver();
  expect(bus.published).toHaveLength(1);
});

describe('a second delivery', () => {
  it('of the same message does nothing', async () => {
    const message = envelope();
    await handler.augmentPhoto(body, message);
    await expect(handler.augmentPhoto(body, message)).resolves.toMatchObject({ kind: 'skipped' });
    expect(renderer.rendered).toBe(1);
    expect(bus.published).toHaveLength(1);
  });

  it('of a photo that is done renders nothing, but tells the training again under the same id', async () => {
    await deliver();
    await expect(deliver()).resolves.toMatchObject({ kind: 'skipped', why: 'the photo was augmented before' });
    expect(renderer.rendered).toBe(1);
    expect(bus.published.map(({ messageId }) => messageId)).toEqual([jobs.jobs.get(photoId())!.jobId, jobs.jobs.get(photoId())!.jobId]);
  });

  it('after the first died before its announcement makes it', async () => {
    const publish = bus.publish.bind(bus);
    bus.publish = () => Promise.reject(new TemporaryError('the broker is away'));
    const message = envelope();
    await expect(handler.augmentPhoto(body, message)).rejects.toThrow(TemporaryError);
    bus.publish = publish;
    await expect(handler.augmentPhoto(body, { ...message, attempt: 2 })).resolves.toMatchObject({ kind: 'skipped' });
    expect(bus.published).toHaveLength(1);
    expect(renderer.rendered).toBe(1);
  });

  it('that overtakes the first wins', async () => {
    renderer.onRender = async () => {
      renderer.onRender = () => {};
      await jobs.claim({ photoId: photoId(), itemId: body.itemId as ItemId, ownerId: body.userId as UserId, category: 'Moedas', sourceKey: '', sourceSha256: body.sha256 });
    };
    await expect(deliver()).resolves.toMatchObject({ kind: 'skipped', why: 'another delivery of the message took over' });
    expect(jobs.reports.size).toBe(0);
    expect(bus.published).toEqual([]);
  });

  it('of a job that was given up while it was worked on, as after the machine slept, begins anew', async () => {
    renderer.onRender = async () => {
      renderer.onRender = () => {};
      await jobs.abandonJobs(new Date(Date.now() + 3_600_000));
    };
    const message = envelope();
    await expect(handler.augmentPhoto(body, message)).rejects.toThrow(TemporaryError);
    expect([jobs.reports.size, bus.published]).toEqual([0, []]);
    await expect(handler.augmentPhoto(body, { ...message, attempt: 2 })).resolves.toEqual({ kind: 'done' });
    expect(bus.published).toHaveLength(1);
  });

  it('with the same id but another body is refused for good', async () => {
    const message = envelope();
    await handler.augmentPhoto(body, message);
    await expect(handler.augmentPhoto({ ...body, categoria: 'Selos' }, message)).rejects.toThrow(/^id_reuse/);
  });
});

describe('a deleted photo', () => {
  it('is skipped, with what an earlier attempt left', async () => {
    await store.put('processed', `training/moedas/${body.itemId}/${body.fotoId}/blur-1.jpg`, photo);
    jobs.removed.set(photoId(), new Date());
    await expect(deliver()).resolves.toMatchObject({ kind: 'skipped', why: 'the photo was deleted' });
    expect(store.keys('processed')).toEqual([]);
    expect(renderer.rendered).toBe(0);
  });

  it.each([
    ['while it was rendered', () => void jobs.removed.set(photoId(), new Date())],
    ['before it could be fetched', () => {}],
  ])('leaves nothing when it was deleted %s', async (when, onRender) => {
    renderer.onRender = onRender;
    if (when === 'before it could be fetched') {
      const claim = jobs.claim.bind(jobs);
      jobs.claim = async (order) => {
        const claimed = await claim(order);
        jobs.removed.set(photoId(), new Date());
        await store.remove('original', body.fotoCaminho);
        return claimed;
      };
    }
    await expect(deliver()).resolves.toMatchObject({ kind: 'skipped', why: 'the photo was deleted' });
    expect(store.keys('processed')).toEqual([]);
    expect(jobs.reports.size).toBe(0);
    expect(bus.published).toEqual([]);
    expect(jobs.failures).toEqual([]);
  });
});

describe('variants', () => {
  it('that are invalid are not stored; the others are', async () => {
    renderer.variants[1] = variant({ name: 'broken', defect: 'undecodable' });
    await deliver();
    expect(store.keys('processed')).toHaveLength(2);
    expect(jobs.reports.get(photoId())!.results.map(({ state, errorType }) => [state, errorType])).toEqual([
      ['valid', undefined],
      ['invalid_format', 'undecodable'],
      ['valid', undefined],
    ]);
    expect(bus.published[0]?.body).toMatchObject({ totalImages: 2 });
  });

  it('that are all invalid fail the photo for good', async () => {
    renderer.variants = [variant({ defect: 'undecodable' }), variant({ defect: 'wrong_dimensions' })];
    await expect(deliver()).rejects.toThrow('has no valid variant: undecodable, wrong_dimensions');
    expect(jobs.failures).toMatchObject([{ errorType: 'no_valid_variant', terminal: true }]);
    expect(store.keys('processed')).toEqual([]);
  });

  it('that the store damages once are stored again', async () => {
    let puts = 0;
    store.onPut = (_, bytes) => (++puts === 1 ? Buffer.from('damaged') : bytes);
    await expect(deliver()).resolves.toEqual({ kind: 'done' });
    expect(puts).toBe(4);
    expect([...store.objects.values()].some(({ body: kept }) => kept.toString() === 'damaged')).toBe(false);
  });

  it('that the store damages twice are given up and removed; the others stay', async () => {
    const damagedHash = renderer.variants[0]!.plan.paramsHash;
    store.onPut = (key, bytes) => (key.includes(damagedHash) ? Buffer.from('damaged') : bytes);
    await expect(deliver()).resolves.toEqual({ kind: 'done' });
    expect(store.keys('processed')).toHaveLength(2);
    expect(jobs.reports.get(photoId())!.results[0]).toMatchObject({ state: 'upload_failed', errorType: 'integrity' });
  });

  it('are believed to be stored by their SHA-256, whatever the ETag looks like', async () => {
    const put = store.put.bind(store);
    store.put = async (bucket, key, bytes) => ({ ...(await put(bucket, key, bytes)), etag: 'd'.repeat(32) });
    await expect(deliver()).resolves.toEqual({ kind: 'done' });
    expect(jobs.reports.get(photoId())!.results.map(({ state }) => state)).toEqual(['valid', 'valid', 'valid']);
  });

  it('that the store will never take fail the photo for good', async () => {
    const refusal = new Error('The object store refuses to put processed/a.jpg');
    store.onPut = () => Promise.reject(refusal);
    await expect(deliver()).rejects.toBe(refusal);
    expect(jobs.failures).toMatchObject([{ terminal: true }]);
  });

  it('that the store refuses one and all make the photo come again', async () => {
    store.onPut = () => Promise.reject(new ObjectDamagedError('The disk keeps something else than what was written'));
    await expect(deliver()).rejects.toThrow(TemporaryError);
    expect(jobs.failures).toMatchObject([{ errorType: 'nothing_stored', terminal: false }]);
  });

  it('go up ten at once at most', async () => {
    renderer.variants = Array.from({ length: 25 }, (_, index) => variant({ name: `variant ${index}` }));
    let running = 0;
    let most = 0;
    store.onPut = async (_, bytes) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      return bytes;
    };
    await deliver();
    expect(most).toBe(10);
    expect(store.keys('processed')).toHaveLength(25);
  });
});

describe('a failed attempt', () => {
  it.each([
    ['the store does not answer', 1, () => new TemporaryError('the store did not answer'), { errorType: 'temporary', terminal: false }],
    ['for the last time', 3, () => new TemporaryError('the store did not answer'), { errorType: 'temporary', terminal: true }],
    ['by a fault of ours', 1, () => new TypeError('x is undefined'), { errorType: 'type', terminal: true }],
  ])('is written down and passed on: %s', async (_, attempt, makeError, noted) => {
    const error = makeError();
    renderer.onRender = () => Promise.reject(error);
    await expect(deliver({ attempt })).rejects.toBe(error);
    expect(jobs.failures).toEqual([{ ...noted, message: error.message }]);
  });

  it('keeps its error when it can not be written down', async () => {
    renderer.onRender = () => Promise.reject(new Error('the first error'));
    jobs.fail = () => Promise.reject(new TemporaryError('the database is away'));
    await expect(deliver()).rejects.toThrow('the first error');
  });

  it.each([
    ['missing', () => store.remove('original', body.fotoCaminho), /^source_missing/, 'source_missing', true],
    ['altered', () => store.put('original', body.fotoCaminho, Buffer.from('something else')), 'should have SHA-256', 'photo_altered', false],
  ])('says that the original is %s', async (_, prepare, message, errorType, terminal) => {
    await prepare();
    await expect(deliver()).rejects.toThrow(message);
    expect(jobs.failures).toMatchObject([{ errorType, terminal }]);
    expect(renderer.rendered).toBe(0);
  });
});
