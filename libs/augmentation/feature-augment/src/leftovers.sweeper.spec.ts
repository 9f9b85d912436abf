import { Logger } from '@nestjs/common';
import type { AugmentationReport, VariantResult } from '@repo/augmentation-domain';
import { InMemoryAugmentations } from '@repo/augmentation-domain/testing';
import { Clock, newId, type PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { LeftoversSweeper } from './leftovers.sweeper.js';
import { FakeObjectStore } from './testing/fake-parts.js';

Logger.overrideLogger(false);
const now = new Date('2026-11-20T12:00:00Z');
const clock: Clock = { now: () => now };
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

it('removes variants of more than an hour that no row knows, and nothing else', async () => {
  const [jobs, store] = [new InMemoryAugmentations(), new FakeObjectStore()];
  const put = (key: string, modifiedAt: Date) => store.objects.set(key, { body: Buffer.from('x'), modifiedAt });
  put('processed/training/a/known-old.jpg', minutesAgo(300));
  put('processed/training/a/stray-young.jpg', minutesAgo(59));
  put('processed/other/stray.jpg', minutesAgo(300));
  put('original/training/stray.jpg', minutesAgo(300));
  for (let index = 0; index < 1_200; index++) {
    put(`processed/training/b/stray-${index}.jpg`, minutesAgo(61));
  }
  jobs.reports.set(newId<PhotoId>(), { results: [{ objectKey: 'training/a/known-old.jpg' } as VariantResult] } as unknown as AugmentationReport);

  expect(await new LeftoversSweeper(jobs, store, clock).sweepObjects()).toBe(1_200);
  expect([...store.objects.keys()]).toEqual([
    'processed/training/a/known-old.jpg',
    'processed/training/a/stray-young.jpg',
    'processed/other/stray.jpg',
    'original/training/stray.jpg',
  ]);
});

it('leaves an old variant that is made again while it is swept', async () => {
  const [jobs, store] = [new InMemoryAugmentations(), new FakeObjectStore()];
  const key = 'processed/training/a/again.jpg';
  store.objects.set(key, { body: Buffer.from('x'), modifiedAt: minutesAgo(300) });
  const unknownKeys = jobs.unknownKeys.bind(jobs);
  jobs.unknownKeys = async (keys) => {
    const unknown = await unknownKeys(keys);
    store.objects.set(key, { body: Buffer.from('x'), modifiedAt: now }); // its row comes next
    return unknown;
  };
  expect(await new LeftoversSweeper(jobs, store, clock).sweepObjects()).toBe(0);
  expect([...store.objects.keys()]).toEqual([key]);
});

it('gives up jobs ten minutes after their lease and forgets after a week', async () => {
  const jobs = new InMemoryAugmentations();
  const [abandoned, pruned]: [Date[], Date[]] = [[], []];
  jobs.abandonJobs = async (before) => abandoned.push(before); // answers how many there were
  jobs.prune = async (before) => void pruned.push(before);
  await new LeftoversSweeper(jobs, new FakeObjectStore(), clock).sweepRows();
  expect(abandoned).toEqual([minutesAgo(10)]);
  expect(pruned).toEqual([minutesAgo(7 * 24 * 60)]);
});
