import { Logger } from '@nestjs/common';
import { InMemoryAugmentations, InMemoryInbox } from '@repo/augmentation-domain/testing';
import { imageAugmentations, photoRemovals, type MessageOf } from '@repo/contracts';
import { AccessDeniedError, newId, TemporaryError, type PhotoId } from '@repo/kernel';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { AugmentPhotoHandler } from './augment-photo.handler.js';
import { PhotoAugmenter } from './photo-augmenter.js';
import { RemovePhotoHandler } from './remove-photo.handler.js';
import { FakeObjectStore, FakeRenderer, sha256Of } from './testing/fake-parts.js';
import { VariantStore } from './variant-store.js';

Logger.overrideLogger(false);

type Body = MessageOf<typeof imageAugmentations>;
const photo = Buffer.from('a photo');
let inbox: InMemoryInbox;
let jobs: InMemoryAugmentations;
let store: FakeObjectStore;
let renderer: FakeRenderer;
let bus: InMemoryMessageBus;

/** Both handlers on a bus that waits a millisecond between attempts. */
beforeEach(async () => {
  [inbox, jobs, store, renderer] = [new InMemoryInbox(), new InMemoryAugmentations(), new FakeObjectStore(), new FakeRenderer()];
  bus = new InMemoryMessageBus({ retries: { waitsMs: [1, 1], jitter: 0 } });
  const variants = new VariantStore(store);
  const augment = new AugmentPhotoHandler(inbox, jobs, new PhotoAugmenter(store, renderer, variants), variants, bus);
  const remove = new RemovePhotoHandler(inbox, jobs, store, variants);
  await bus.subscribe(imageAugmentations, (body, envelope) => augment.augmentPhoto(body, envelope), { parallel: 4 });
  await bus.subscribe(photoRemovals, (body, envelope) => remove.removePhoto(body, envelope), { parallel: 4 });
});

async function upload(): Promise<Body> {
  const [itemId, fotoId] = [newId(), newId()];
  const body = { itemId, fotoId, userId: newId(), fotoCaminho: `item/${itemId}/${fotoId}.jpg`, categoria: 'Moedas', sha256: sha256Of(photo) };
  await store.put('original', body.fotoCaminho, photo);
  return body;
}

const deadLetters = () => bus.deadLettersOf(imageAugmentations.queue).map(({ cause, reason, attempt }) => ({ cause, reason, attempt }));
const ledger = () => ({ objects: [...store.objects.keys()], jobs: [...jobs.jobs.values()], reports: jobs.reports.size });

describe('a message that comes again', () => {
  it('changes nothing, also long after its inbox row is gone, under its own id and under another', async () => {
    const body = await upload();
    const messageId = newId();
    await bus.publish(imageAugmentations, body, { messageId });
    await bus.settled();
    const before = ledger();
    for (const again of [messageId, newId()]) {
      inbox.forgetAll();
      await bus.publish(imageAugmentations, body, { messageId: again });
      await bus.settled();
    }
    expect(ledger()).toEqual(before);
    expect(renderer.rendered).toBe(1);
    expect(new Set(bus.published.filter(({ name }) => name === 'model.train.v1').map((told) => told.messageId)).size).toBe(1);
  });

  it('with another body goes to the dead letters at once, and touches nothing', async () => {
    const [body, other] = [await upload(), await upload()];
    const messageId = newId();
    await bus.publish(imageAugmentations, body, { messageId });
    await bus.settled();
    const before = ledger();
    await bus.publish(imageAugmentations, other, { messageId });
    await bus.publish(photoRemovals, body, { messageId }); // another queue's message under it, too
    await bus.settled();
    expect(deadLetters()).toEqual([{ cause: 'refused', reason: expect.stringContaining('id_reuse') as string, attempt: 1 }]);
    expect(bus.deadLettersOf(photoRemovals.queue)).toMatchObject([{ cause: 'refused', reason: expect.stringContaining('id_reuse') as string }]);
    expect(ledger()).toEqual(before);
  });
});

describe('a store', () => {
  it.each<[string, () => Error, { cause: string; attempt: number }, { errorType: string; attempts: number }]>([
    ['refuses us (403)', () => new AccessDeniedError('403 AccessDenied'), { cause: 'access denied', attempt: 1 }, { errorType: 'access_denied', attempts: 1 }],
    ['has too much to do (503)', () => new TemporaryError('503 SlowDown'), { cause: 'attempts used up', attempt: 3 }, { errorType: 'temporary', attempts: 3 }],
    ['limits us (429)', () => new TemporaryError('429 TooManyRequests'), { cause: 'attempts used up', attempt: 3 }, { errorType: 'temporary', attempts: 3 }],
    ['does not answer in time', () => new TemporaryError('no answer within 10 s'), { cause: 'attempts used up', attempt: 3 }, { errorType: 'temporary', attempts: 3 }],
  ])('that %s is asked again, or not, for downloads and uploads alike', async (_, makeError, letter, job) => {
    const [unread, unwritten] = [await upload(), await upload()];
    const get = store.get.bind(store);
    store.get = (bucket, key) => (key === unread.fotoCaminho ? Promise.reject(makeError()) : get(bucket, key));
    store.onPut = () => Promise.reject(makeError());
    await bus.publish(imageAugmentations, unread);
    await bus.publish(imageAugmentations, unwritten);
    await bus.settled();
    expect(deadLetters()).toMatchObject([letter, letter]);
    for (const { fotoId } of [unread, unwritten]) {
      expect(jobs.jobs.get(fotoId as PhotoId)).toMatchObject({ status: 'failed', attempts: job.attempts });
    }
    expect(jobs.failures.at(-1)).toMatchObject({ errorType: job.errorType, terminal: true });
  });

  it('that is back at the third attempt costs no photo', async () => {
    const body = await upload();
    let failures = 0;
    store.onPut = (_, bytes) => (++failures <= 2 ? Promise.reject(new TemporaryError('503 SlowDown')) : bytes);
    renderer.variants = renderer.variants.slice(0, 1);
    await bus.publish(imageAugmentations, body);
    await bus.settled();
    expect(deadLetters()).toEqual([]);
    expect(jobs.jobs.get(body.fotoId as PhotoId)).toMatchObject({ status: 'success', attempts: 3 });
  });

  it('that holds no original ends the photo at once, the cause told', async () => {
    const body = await upload();
    await store.remove('original', body.fotoCaminho);
    await bus.publish(imageAugmentations, body);
    await bus.settled();
    expect(deadLetters()).toEqual([{ cause: 'refused', reason: expect.stringContaining(`source_missing: photo ${body.fotoId}`) as string, attempt: 1 }]);
    expect(jobs.failures).toMatchObject([{ errorType: 'source_missing', terminal: true }]);
  });
});

describe('a body that nobody can handle', () => {
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
  it.each<[string, object]>([
    ['no photo', { fotoId: undefined }],
    ['a photo that is null', { fotoId: null }],
    ['a photo that is no id', { fotoId: "1'; DROP TABLE inbox; --" }],
    ['a photo that is a list of one', { fotoId: [newId()] }],
    ['an item that is a number', { itemId: 7 }],
    ['an owner with prototype keys', { userId: JSON.parse('{"__proto__":{"length":36}}') as unknown }],
    ['no place of the photo', { fotoCaminho: '' }],
    ['a place of 5,000 letters', { fotoCaminho: 'x'.repeat(5_000) }],
    ['a place with NUL in it', { fotoCaminho: 'item/a\0b.jpg' }],
    ['a place outside the folder', { fotoCaminho: '../../etc/passwd' }],
    ['no category', { categoria: undefined }],
    ['an empty category', { categoria: '' }],
    ['a category of 5,000 letters', { categoria: 'x'.repeat(5_000) }],
    ['a category with NUL in it', { categoria: 'Moe\0das' }],
    ['a checksum that is too short', { sha256: 'abc' }],
    ['a checksum of other letters', { sha256: 'g'.repeat(64) }],
    ['a checksum in capitals', { sha256: 'A'.repeat(64) }],
    ['settings that are text', { settings: 'all of them' }],
    ['a profile nobody knows', { settings: { profile: '__proto__' } }],
    ['settings nested 1,000 deep', { settings: { extended: nested(1_000) } }],
  ])('is a dead letter at its first attempt, its neighbours done: %s', async (_, wrong) => {
    const [good, bad, alsoGood] = [await upload(), await upload(), await upload()];
    const startedAt = performance.now();
    for (const body of [good, { ...bad, ...wrong }, alsoGood]) {
      bus.inject(imageAugmentations.queue, JSON.stringify({ messageId: newId(), name: imageAugmentations.name, sentAt: new Date().toISOString(), body }));
    }
    await bus.settled();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(deadLetters()).toMatchObject([{ attempt: 1 }]);
    expect([...jobs.jobs.values()].map(({ photoId, status }) => [photoId, status]).filter(([, status]) => status === 'success').sort()).toEqual([[good.fotoId, 'success'], [alsoGood.fotoId, 'success']].sort());
    expect(renderer.rendered).toBe(2);
  });

  it.each<[string, object]>([
    ['no photo', { fotoId: undefined }],
    ['a photo that is no id', { fotoId: '1' }],
    ['no item', { itemId: null }],
    ['a place that is a list', { fotoCaminho: ['item/1.jpg'] }],
    ['no place', { fotoCaminho: '' }],
  ])('removes nothing: %s', async (_, wrong) => {
    const body = await upload();
    bus.inject(photoRemovals.queue, JSON.stringify({ messageId: newId(), name: photoRemovals.name, sentAt: new Date().toISOString(), body: { ...body, ...wrong } }));
    await bus.settled();
    expect(bus.deadLettersOf(photoRemovals.queue)).toMatchObject([{ cause: 'malformed', attempt: 1 }]);
    expect(store.keys('original')).toEqual([body.fotoCaminho]);
    expect(jobs.removed.size).toBe(0);
  });
});
