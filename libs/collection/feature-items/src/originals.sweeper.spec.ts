import { Logger } from '@nestjs/common';
import { PhotoRegister, type RegisteredPhoto } from '@repo/collection-domain';
import { newId, type Clock, type PhotoId } from '@repo/kernel';
import { renderMetrics } from '@repo/observability';
import type { Bucket, ObjectSummary } from '@repo/storage';
import { InMemoryObjectStore } from '@repo/storage/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { OriginalsSweeper } from './originals.sweeper.js';

const now = new Date('2026-05-04T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const clock: Clock = { now: () => now };

/** Objects with a date that a test can choose. */
class DatedStore extends InMemoryObjectStore {
  readonly dates = new Map<string, Date>();

  override async *list(bucket: Bucket, prefix: string): AsyncIterable<ObjectSummary> {
    const named = this.dates.has(prefix) ? await this.head(bucket, prefix) : undefined; // thousands of keys are asked for one by one
    const found = named ? [named] : super.list(bucket, prefix);
    for await (const { key, bytes } of found) {
      yield { key, bytes, modifiedAt: this.dates.get(key) ?? now };
    }
  }
}

class Rows extends PhotoRegister {
  readonly photos = new Map<PhotoId, RegisteredPhoto & { createdAt: Date }>();
  largestQuestion = 0;

  override async known(ids: readonly PhotoId[]): Promise<Set<PhotoId>> {
    this.largestQuestion = Math.max(this.largestQuestion, ids.length);
    return new Set(ids.filter((id) => this.photos.has(id)));
  }

  override async page(before: Date, after: PhotoId | undefined): Promise<RegisteredPhoto[]> {
    return [...this.photos.values()].filter(({ id, createdAt }) => createdAt < before && (after === undefined || id > after)).sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, 500);
  }
}

let store: DatedStore;
let rows: Rows;
let sweeper: OriginalsSweeper;
beforeEach(() => {
  Logger.overrideLogger(false);
  [store, rows] = [new DatedStore(), new Rows()];
  sweeper = new OriginalsSweeper(store, rows, clock);
});

async function photo({ age, object = true, row = true }: { age: number; object?: boolean; row?: boolean }): Promise<string> {
  const id = newId<PhotoId>();
  const objectKey = `item/${newId()}/${id}.jpg`;
  if (object) {
    await store.put('original', objectKey, Buffer.from('x'), 'image/jpeg');
    store.dates.set(objectKey, hoursAgo(age));
  }
  if (row) {
    rows.photos.set(id, { id, objectKey, createdAt: hoursAgo(age) });
  }
  return objectKey;
}

const photos = (count: number, kind: Parameters<typeof photo>[0]) => Promise.all(Array.from({ length: count }, () => photo(kind)));

async function stored(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('original', '')) {
    keys.push(key);
  }
  return keys;
}

describe('5,000 objects without rows, 50 rows without objects, and whole photos among them', () => {
  let orphans: string[];
  let young: string[];
  let whole: string[];
  let missing: string[];
  beforeEach(async () => {
    orphans = await photos(5_000, { age: 2, row: false });
    young = [await photo({ age: 0.9, row: false }), ...(await photos(20, { age: 0.01, row: false }))];
    whole = [...(await photos(700, { age: 300 })), ...(await photos(30, { age: 0.5 }))];
    missing = await photos(50, { age: 2, object: false });
    await photos(5, { age: 0.5, object: false }); // their object may have been put a moment after it was listed
  });

  it('only looks, unless it is really meant', async () => {
    const report = await sweeper.sweep({ really: false });
    expect([report.orphans, report.removed]).toEqual([5_000, 0]);
    expect(report.missing.map(({ objectKey }) => objectKey).sort()).toEqual(missing.sort());
    expect(await stored()).toHaveLength(orphans.length + young.length + whole.length);
  });

  it('removes the 5,000 and nothing else, and names the 50', async () => {
    const report = await sweeper.sweep({ really: true });
    expect([report.orphans, report.removed]).toEqual([5_000, 5_000]);
    expect(report.missing.map(({ objectKey }) => objectKey).sort()).toEqual(missing.sort());
    expect((await stored()).sort()).toEqual([...young, ...whole].sort());
    expect((await renderMetrics()).text).toMatch(/^photos_without_original 50$/m);
    expect(rows.largestQuestion).toBeLessThanOrEqual(1_000);
    expect((await sweeper.sweep({ really: true })).orphans).toBe(0);
  });
});

it('tells of missing originals in the log, and is silent when all is well', async () => {
  const error = vi.fn();
  Logger.overrideLogger({ log: vi.fn(), warn: vi.fn(), error });
  await photo({ age: 5 });
  await sweeper.sweep({ really: true });
  expect(error).not.toHaveBeenCalled();
  const key = await photo({ age: 5, object: false });
  await sweeper.sweep({ really: true });
  expect(error.mock.calls[0]?.[0]).toMatchObject({ photos: 1, first: [key] });
  expect((await renderMetrics()).text).toMatch(/^photos_without_original 1$/m);
});

it('leaves an old object whose upload is sent again while it is swept', async () => {
  const key = await photo({ age: 3, row: false });
  const known = rows.known.bind(rows);
  rows.known = async (ids) => {
    const answer = await known(ids);
    store.dates.set(key, now); // put again; its row comes next
    return answer;
  };
  expect((await sweeper.sweep({ really: true })).removed).toBe(0);
  expect(await stored()).toEqual([key]);
});

it('calls no photo missing that was deleted meanwhile', async () => {
  await photo({ age: 5, object: false });
  store.head = async () => {
    rows.photos.clear();
    return undefined;
  };
  expect((await sweeper.sweep({ really: true })).missing).toEqual([]);
});

it('lets alone what does not look like a photo of an item', async () => {
  await store.put('original', 'other/a.jpg', Buffer.from('x'), 'image/jpeg');
  store.dates.set('other/a.jpg', hoursAgo(100));
  await sweeper.sweep({ really: true });
  expect(await stored()).toEqual(['other/a.jpg']);
});

it.each<[removed: number, known: number, orphans: number]>([
  [0, 0, 1],
  [0, 5, 6],
  [5, 5, 5],
  [1, 5, 1],
])('by itself removes %i where %i are known and %i are not: photos of another platform are no leftovers', async (removed, known, orphans) => {
  await photos(known, { age: 300 });
  await photos(orphans, { age: 300, row: false });
  const report = await sweeper.sweep({ really: true, unlessMost: true });
  expect(report).toEqual({ orphans, removed, missing: [] });
  expect(await stored()).toHaveLength(known + orphans - removed);
});
