import { Logger } from '@nestjs/common';
import type { ItemRepository } from '@repo/collection-domain';
import type { IdempotencyStore } from '@repo/http';
import { TemporaryError, type Clock } from '@repo/kernel';
import { expect, it, vi } from 'vitest';
import { CollectionUpkeepService } from './collection-upkeep.service.js';
import type { OriginalsSweeper } from './originals.sweeper.js';

Logger.overrideLogger(false);

const now = new Date('2026-05-04T12:00:00Z');
const originals = { sweep: vi.fn(async () => ({ orphans: 0, removed: 0, missing: [] })) };
const items = { purgeTombstones: vi.fn(async () => 0) };
const sent = { purge: vi.fn(async () => 0) };
const keys = { purge: vi.fn(async () => 0) };
const clock: Clock = { now: () => now };
const upkeep = new CollectionUpkeepService(originals as unknown as OriginalsSweeper, items as unknown as ItemRepository, sent, keys as unknown as IdempotencyStore, clock);

it('really removes orphans, unless they are most', async () => {
  await upkeep.run();
  expect(originals.sweep).toHaveBeenLastCalledWith({ really: true, unlessMost: true });
});

it('keeps tombstones for a week', async () => {
  await upkeep.run();
  expect(items.purgeTombstones).toHaveBeenLastCalledWith(new Date(now.getTime() - 7 * 24 * 3_600_000));
});

it('goes on when a part is down', async () => {
  originals.sweep.mockRejectedValueOnce(new TemporaryError('down'));
  items.purgeTombstones.mockRejectedValueOnce(new TemporaryError('down'));
  keys.purge.mockClear();
  await upkeep.run();
  expect(keys.purge).toHaveBeenCalled();
});
