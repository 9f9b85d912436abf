import { Logger } from '@nestjs/common';
import type { AugmentationReport, VariantResult } from '@repo/augmentation-domain';
import { InMemoryAugmentations, InMemoryInbox } from '@repo/augmentation-domain/testing';
import { photoRemovals, type Envelope, type MessageOf } from '@repo/contracts';
import { newId, TemporaryError, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { RemovePhotoHandler } from './remove-photo.handler.js';
import { FakeObjectStore } from './testing/fake-parts.js';
import { VariantStore } from './variant-store.js';

Logger.overrideLogger(false);

let jobs: InMemoryAugmentations;
let store: FakeObjectStore;
let handler: RemovePhotoHandler;
const itemId = newId<ItemId>();
const photoId = newId<PhotoId>();
const fotoCaminho = `item/${itemId}/${photoId}.jpg`;
const folder = `training/moedas/${itemId}/${photoId}`;
const body = { itemId, fotoId: photoId, fotoCaminho };

type Body = MessageOf<typeof photoRemovals>;
const envelope = (over: Partial<Envelope<Body>> = {}): Envelope<Body> => ({ messageId: newId(), name: photoRemovals.name, sentAt: new Date().toISOString(), attempt: 1, body, ...over });
const deliver = (over: Partial<Body> = {}) => handler.removePhoto({ ...body, ...over }, envelope());

beforeEach(async () => {
  [jobs, store] = [new InMemoryAugmentations(), new FakeObjectStore()];
  handler = new RemovePhotoHandler(new InMemoryInbox(), jobs, store, new VariantStore(store));
  const claim = await jobs.claim({ photoId, itemId, ownerId: newId<UserId>(), category: 'Moedas', sourceKey: fotoCaminho, sourceSha256: '' });
  for (const key of [`${folder}/blur-1.jpg`, `${folder}/clahe-2.jpg`]) {
    await store.put('processed', key, Buffer.from('variant'));
  }
  await store.put('original', fotoCaminho, Buffer.from('original'));
  if (claim.kind === 'claimed') {
    // Of the two variants, the crash of an earlier attempt left one without a row.
    await jobs.finish(claim.job, { results: [{ objectKey: `${folder}/blur-1.jpg` } as VariantResult] } as unknown as AugmentationReport);
  }
});

it('removes original, variants and rows', async () => {
  await store.put('processed', `training/moedas/${itemId}/another/blur-1.jpg`, Buffer.from("another photo's"));
  await expect(deliver()).resolves.toEqual({ kind: 'done' });
  expect(store.keys('original')).toEqual([]);
  expect(store.keys('processed')).toEqual([`training/moedas/${itemId}/another/blur-1.jpg`]);
  expect(jobs.jobs.size + jobs.reports.size).toBe(0);
  expect([...jobs.removed.keys()]).toEqual([photoId]);
});

it('finishes in a second attempt what the first could not', async () => {
  const remove = store.remove.bind(store);
  let calls = 0;
  store.remove = (bucket, key) => (++calls === 2 ? Promise.reject(new TemporaryError('the store is away')) : remove(bucket, key));
  await expect(deliver()).rejects.toThrow(TemporaryError);
  await expect(deliver()).resolves.toEqual({ kind: 'done' });
  expect(store.objects.size).toBe(0);
});

it('marks a photo that was never augmented', async () => {
  const other = newId<PhotoId>();
  await expect(deliver({ fotoId: other })).resolves.toEqual({ kind: 'done' });
  expect([...jobs.removed.keys()]).toEqual([other]);
});

describe('a second delivery', () => {
  it('of the same message does nothing', async () => {
    const message = envelope();
    await handler.removePhoto(body, message);
    const touched = vi.spyOn(store, 'remove');
    await expect(handler.removePhoto(body, message)).resolves.toMatchObject({ kind: 'skipped' });
    expect(touched).not.toHaveBeenCalled();
  });

  it('with the same id but another body is refused for good, and removes nothing', async () => {
    const [message, other] = [envelope(), newId<PhotoId>()];
    await handler.removePhoto(body, message);
    await expect(handler.removePhoto({ ...body, fotoId: other }, message)).rejects.toThrow(/^id_reuse/);
    expect(jobs.removed.has(other)).toBe(false);
  });
});
