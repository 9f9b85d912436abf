import { Logger } from '@nestjs/common';
import type { AugmentationReport, VariantResult } from '@repo/augmentation-domain';
import { newId, TemporaryError, type ItemId, type PhotoId, type UserId } from '@repo/kernel';
import { beforeEach, expect, it } from 'vitest';
import { RemovePhotoHandler } from './remove-photo.handler.js';
import { FakeJobs, FakeObjectStore } from './testing/fake-parts.js';
import { VariantStore } from './variant-store.js';

Logger.overrideLogger(false);

let jobs: FakeJobs;
let store: FakeObjectStore;
let handler: RemovePhotoHandler;
const itemId = newId<ItemId>();
const photoId = newId<PhotoId>();
const fotoCaminho = `item/${itemId}/${photoId}.jpg`;
const folder = `training/moedas/${itemId}/${photoId}`;
const body = { itemId, fotoId: photoId, fotoCaminho };

beforeEach(async () => {
  [jobs, store] = [new FakeJobs(), new FakeObjectStore()];
  handler = new RemovePhotoHandler(jobs, store, new VariantStore(store));
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
  await expect(handler.removePhoto(body)).resolves.toEqual({ kind: 'done' });
  expect(store.keys('original')).toEqual([]);
  expect(store.keys('processed')).toEqual([`training/moedas/${itemId}/another/blur-1.jpg`]);
  expect(jobs.jobs.size + jobs.reports.size).toBe(0);
  expect(jobs.removed).toContain(photoId);
});

it('finishes in a second attempt what the first could not', async () => {
  const remove = store.remove.bind(store);
  let calls = 0;
  store.remove = (bucket, key) => (++calls === 2 ? Promise.reject(new TemporaryError('the store is away')) : remove(bucket, key));
  await expect(handler.removePhoto(body)).rejects.toThrow(TemporaryError);
  await expect(handler.removePhoto(body)).resolves.toEqual({ kind: 'done' });
  expect(store.objects.size).toBe(0);
});

it('marks a photo that was never augmented', async () => {
  const other = newId<PhotoId>();
  await expect(handler.removePhoto({ ...body, fotoId: other })).resolves.toEqual({ kind: 'done' });
  expect(jobs.removed).toContain(other);
});
