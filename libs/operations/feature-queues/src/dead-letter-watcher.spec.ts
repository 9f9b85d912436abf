import { Logger } from '@nestjs/common';
import { imageAugmentations, photoRemovals } from '@repo/contracts';
import { PermanentError, TemporaryError } from '@repo/kernel';
import type { DeadLetter, MessageBus } from '@repo/messaging';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { renderMetrics } from '@repo/observability';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadLetterWatcher } from './dead-letter-watcher.js';
import { CollectedReports, FixedClock, InMemoryDeadLetters, photoMessage } from './operations.fixture.js';

Logger.overrideLogger(false);
const { queue, name } = imageAugmentations;

let bus: InMemoryMessageBus;
let letters: InMemoryDeadLetters;
let reporter: CollectedReports;
let clock: FixedClock;
let watcher: DeadLetterWatcher;

beforeEach(() => {
  bus = new InMemoryMessageBus({ retries: { waitsMs: [1, 1], jitter: 0 } });
  letters = new InMemoryDeadLetters();
  reporter = new CollectedReports();
  clock = new FixedClock();
  watcher = new DeadLetterWatcher(bus, letters, reporter, clock);
});

const kept = () => [...letters.letters.values()];

async function deadLetter(error: Error): Promise<DeadLetter> {
  await bus.subscribe(imageAugmentations, () => Promise.reject(error), { parallel: 1 });
  await bus.publish(imageAugmentations, photoMessage());
  await bus.settled();
  return bus.deadLettersOf(queue)[0]!;
}

async function counted(cause: string): Promise<number> {
  const { text } = await renderMetrics();
  return Number(new RegExp(`dead_letters_total\\{queue="${queue}",cause="${cause}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

it('keeps what died in any queue, also before it came', async () => {
  await bus.subscribe(photoRemovals, () => Promise.reject(new PermanentError('no')), { parallel: 1 });
  const { itemId, fotoId, fotoCaminho } = photoMessage();
  await bus.publish(photoRemovals, { itemId, fotoId, fotoCaminho });
  await bus.settled();
  watcher.onApplicationBootstrap();
  await vi.waitFor(() => expect(kept()).toMatchObject([{ queue: photoRemovals.queue, itemId, photoId: fotoId }]));
  await deadLetter(new PermanentError('no'));
  await vi.waitFor(() => expect(kept()).toMatchObject([{}, { queue }]));
  expect((await bus.depth(queue)).dead).toBe(0);
});

it('tells of three failures with the item, the photo and the attempt, once', async () => {
  const before = await counted('attempts used up');
  const letter = await deadLetter(new TemporaryError('the store is away'));
  await watcher.keep(letter);
  const { itemId, fotoId } = letter.envelope?.body as Record<string, string>;
  const alarm = `Message failed 3x: ${name} in ${queue}`;
  expect(letters.errorMessages).toEqual([alarm]);
  expect(reporter.reports).toEqual([
    {
      error: expect.objectContaining({ name: 'MessageFailedError', message: alarm }),
      context: {
        ...{ itemId, fotoId, attempt: 3, queue, cause: 'attempts used up', reason: 'TemporaryError: the store is away' },
        ...{ messageName: name, messageId: letter.envelope?.messageId, letterId: letter.letterId },
      },
    },
  ]);
  expect((await counted('attempts used up')) - before).toBe(1);
});

it('tells once of a letter that is handed over again, here or elsewhere', async () => {
  const before = await counted('refused');
  const letter = await deadLetter(new PermanentError('no'));
  const elsewhere = new DeadLetterWatcher(bus, letters, reporter, clock);
  await Promise.all([watcher.keep(letter), elsewhere.keep(letter)]);
  await watcher.keep(letter);
  expect(kept()).toHaveLength(1);
  expect(reporter.reports).toHaveLength(1);
  expect((await counted('refused')) - before).toBe(1);
});

it('tells of a letter that somebody kept and died before he told', async () => {
  const letter = await deadLetter(new PermanentError('no'));
  const claim = vi.spyOn(letters, 'claimAlarm').mockRejectedValueOnce(new TemporaryError('gone'));
  await expect(watcher.keep(letter)).rejects.toThrow(TemporaryError);
  expect(reporter.reports).toHaveLength(0);
  await watcher.keep(letter);
  expect(reporter.reports).toHaveLength(1);
  claim.mockRestore();
});

it('alarms nobody about what is not kept yet, and leaves it with the broker', async () => {
  letters.failure = new TemporaryError('the database is away');
  watcher.onApplicationBootstrap();
  await deadLetter(new PermanentError('no'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([kept(), reporter.reports]).toEqual([[], []]);
  expect((await bus.depth(queue)).dead).toBe(1);
  letters.failure = undefined;
  await vi.waitFor(() => expect([kept().length, reporter.reports.length]).toEqual([1, 1]));
});

it('tries again when it can not watch yet, until the application stops', async () => {
  vi.useFakeTimers();
  const watchDeadLetters = vi.fn<MessageBus['watchDeadLetters']>().mockRejectedValue(new TemporaryError('the broker is away'));
  const waiting = new DeadLetterWatcher({ watchDeadLetters } as unknown as MessageBus, letters, reporter, clock);
  const callsAfter = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return watchDeadLetters.mock.calls.length;
  };
  waiting.onApplicationBootstrap();
  const queues = await callsAfter(0);
  expect([await callsAfter(5_000), await callsAfter(5_000)]).toEqual([2 * queues, 3 * queues]);
  waiting.onModuleDestroy();
  expect(await callsAfter(60_000)).toBe(3 * queues);
  vi.useRealTimers();
});

describe('when it died', () => {
  const letter = (history: DeadLetter['history'], attempt = 1): DeadLetter => ({ letterId: 'x', queue, cause: 'refused', reason: 'r', attempt, history, text: 'no envelope' });
  const failed = (failedAt: string, attempt = 1) => [{ attempt, failedAt, error: 'e' }];

  it.each<[name: string, letter: DeadLetter, deadAt: string]>([
    ['is when its last attempt failed', letter(failed('2026-05-04T11:00:00.000Z')), '2026-05-04T11:00:00.000Z'],
    ['is now when that attempt ended with its process', letter(failed('2026-05-04T11:00:00.000Z'), 2), '2026-05-04T12:00:00.000Z'],
    ['is now when nothing was tried', letter([]), '2026-05-04T12:00:00.000Z'],
    ['is now when another clock is ahead', letter(failed('2026-05-04T13:00:00.000Z')), '2026-05-04T12:00:00.000Z'],
    ['is now when nobody can read the time', letter(failed('yesterday')), '2026-05-04T12:00:00.000Z'],
    ['is now when no database could hold the time', letter(failed('-271821-04-20T00:00:00.000Z')), '2026-05-04T12:00:00.000Z'],
  ])('%s', async (_, given, deadAt) => {
    await watcher.keep(given);
    expect(kept()[0]?.deadAt.toISOString()).toBe(deadAt);
  });
});

it.each<[body: unknown, itemId: string | undefined]>([
  [{ itemId: '0199a1b2-3d4e-7f50-8a6b-9c0d1e2f3a4b' }, '0199a1b2-3d4e-7f50-8a6b-9c0d1e2f3a4b'],
  [{ itemId: "'; DROP TABLE" }, undefined],
  [{ itemId: 5 }, undefined],
  [null, undefined],
  ['text', undefined],
])('takes the item of %j as %s', async (body, itemId) => {
  const envelope = { messageId: crypto.randomUUID(), name, sentAt: '', attempt: 1, body };
  await watcher.keep({ letterId: 'x', queue, cause: 'malformed', reason: 'r', attempt: 1, history: [], text: JSON.stringify(envelope), envelope });
  expect(kept()[0]?.itemId).toBe(itemId);
});
