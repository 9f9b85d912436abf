import { Logger } from '@nestjs/common';
import type { ItemRepository } from '@repo/collection-domain';
import type { IdempotencyStore } from '@repo/http';
import { newId, TemporaryError, type Clock, type PhotoId } from '@repo/kernel';
import type { ObjectStore } from '@repo/storage';
import { beforeEach, expect, it, vi } from 'vitest';
import { CollectionUpkeepService } from './collection-upkeep.service.js';

Logger.overrideLogger(false);

const now = new Date('2026-05-04T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);

const originals = new Map<string, Date>();
const rows = new Set<PhotoId>();
const store = {
  async *list() {
    for (const [key, modifiedAt] of originals) {
      yield { key, modifiedAt, bytes: 1 };
    }
  },
  remove: vi.fn(async (_bucket: string, key: string) => void originals.delete(key)),
};
const register = { known: vi.fn(async (ids: readonly PhotoId[]) => new Set(ids.filter((id) => rows.has(id)))) };
const items = { purgeTombstones: vi.fn(async () => 0) };
const sent = { purge: vi.fn(async () => 0) };
const keys = { purge: vi.fn(async () => 0) };
const clock: Clock = { now: () => now };
const upkeep = new CollectionUpkeepService(
  store as unknown as ObjectStore,
  register,
  items as unknown as ItemRepository,
  sent,
  keys as unknown as IdempotencyStore,
  clock,
);

function original(age: Date, hasRow: boolean): string {
  const id = newId<PhotoId>();
  const key = `item/${newId()}/${id}.jpg`;
  originals.set(key, age);
  if (hasRow) {
    rows.add(id);
  }
  return key;
}

beforeEach(() => {
  originals.clear();
  rows.clear();
});

it('removes old objects without a row, and no others', async () => {
  original(hoursAgo(3), false);
  const known = original(hoursAgo(3), true);
  const fresh = original(hoursAgo(0.5), false); // its transaction may still be running
  await upkeep.run();
  expect([...originals.keys()]).toEqual([known, fresh]);
});

it('asks in batches', async () => {
  Array.from({ length: 1_100 }, () => original(hoursAgo(2), false));
  expect(await upkeep.removeOrphans(hoursAgo(1))).toBe(1_100);
  expect(Math.max(...register.known.mock.calls.map(([ids]) => ids.length))).toBeLessThanOrEqual(1_000);
});

it('keeps tombstones for a week', async () => {
  await upkeep.run();
  expect(items.purgeTombstones).toHaveBeenLastCalledWith(hoursAgo(7 * 24));
});

it('goes on when a part is down', async () => {
  register.known.mockRejectedValueOnce(new TemporaryError('down'));
  items.purgeTombstones.mockRejectedValueOnce(new TemporaryError('down'));
  keys.purge.mockClear();
  original(hoursAgo(3), false);
  await upkeep.run();
  expect(keys.purge).toHaveBeenCalled();
  expect(originals.size).toBe(1);
});
