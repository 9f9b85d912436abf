import { Logger } from '@nestjs/common';
import { imageAugmentations, photoRemovals } from '@repo/contracts';
import { newId, TemporaryError, type PhotoId } from '@repo/kernel';
import type { OutboxRelay } from '@repo/messaging';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { renderMetrics } from '@repo/observability';
import { SentMessageLog, type MessageTraces, type SentMessage } from '@repo/operations-domain';
import { beforeEach, expect, it, vi } from 'vitest';
import { FixedClock, photoMessage } from './operations.fixture.js';
import { OperationsSettings } from './operations-settings.js';
import { Reconciler } from './reconciler.js';

const MINUTE = 60_000;
const { queue, name } = imageAugmentations;
const untouched: MessageTraces = { photoExists: true, isDeadLetter: false, isMarkedRemoved: false, job: 'none' };
const done: MessageTraces = { ...untouched, job: 'success' };

interface Sent extends SentMessage {
  messageName: string;
  photoId: PhotoId;
  traces: MessageTraces;
  isUnsent?: boolean;
}

class SentMessages extends SentMessageLog {
  rows: Sent[] = [];
  readonly again: string[] = [];
  /** Since when it was asked, query by query. */
  readonly asked: Date[] = [];

  override async page(messageName: string, { from, until }: { from: Date; until: Date }, limit: number, after?: SentMessage): Promise<SentMessage[]> {
    this.asked.push(from);
    const within = this.rows.filter((row) => row.messageName === messageName && !row.isUnsent && row.sentAt >= from && row.sentAt <= until);
    const start = after ? within.findIndex(({ id }) => id > after.id) : 0;
    return start < 0 ? [] : within.slice(start, start + limit);
  }

  override async tracesOf(messages: readonly { messageId: string; photoId: PhotoId }[]): Promise<MessageTraces[]> {
    return messages.map((message) => this.rows.find(({ photoId }) => photoId === message.photoId)!.traces);
  }

  override async sendAgain(messages: readonly SentMessage[]): Promise<number> {
    for (const { id } of messages) {
      this.again.push(id);
      this.rows.find((row) => row.id === id)!.isUnsent = true;
    }
    return messages.length;
  }
}

let sent: SentMessages;
let bus: InMemoryMessageBus;
let clock: FixedClock;
let reconciler: Reconciler;
const relay = { wake: vi.fn() };
const warn = vi.fn();
Logger.overrideLogger({ log: () => {}, error: () => {}, warn });

beforeEach(() => {
  sent = new SentMessages();
  bus = new InMemoryMessageBus();
  clock = new FixedClock();
  relay.wake.mockReset();
  warn.mockReset();
  reconciler = another();
});

const another = () => new Reconciler(new OperationsSettings(2 * MINUTE), sent, bus, relay as unknown as OutboxRelay, clock);

function add(ageMinutes: number, traces = untouched, messageName: string = name): string {
  const body = photoMessage();
  const row: Sent = { id: newId(), messageId: newId(), body: JSON.stringify(body), photoId: body.fotoId as PhotoId, sentAt: new Date(clock.now().getTime() - ageMinutes * MINUTE), messageName, traces };
  sent.rows.push(row);
  return row.id;
}

async function looks(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await reconciler.look();
    clock.advance(MINUTE);
  }
}

it('sends again what left no trace, says how many, and does it once', async () => {
  const lost = [add(3), add(4)];
  add(3, done);
  await looks(2);
  expect(sent.again).toEqual(lost);
  expect(relay.wake).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls).toEqual([[{ msg: 'messages without a trace were sent again', queue, count: 2 }, 'reconciler']]);
  expect((await renderMetrics()).text).toContain(`messages_sent_again_total{queue="${queue}"} 2`);
  await looks(5);
  expect(sent.again).toEqual(lost);
});

it('waits a whole look with an empty queue first', async () => {
  add(3);
  await looks(1);
  expect(sent.again).toEqual([]);
});

it.each<[name: string, fill: () => Promise<unknown>]>([
  ['messages wait', () => bus.publish(imageAugmentations, photoMessage())],
  ['dead letters have not been taken', async () => {
    await bus.subscribe(imageAugmentations, () => Promise.reject(new Error('no')), { parallel: 1 });
    await bus.publish(imageAugmentations, photoMessage());
    await bus.settled();
  }],
])('sends nothing while %s', async (_, fill) => {
  add(3);
  await looks(1);
  await fill();
  await looks(5);
  expect(sent.again).toEqual([]);
});

it('begins to wait anew after the queue was in use', async () => {
  add(3);
  await looks(1);
  const depth = vi.spyOn(bus, 'depth').mockResolvedValue({ waiting: 1, running: 0, dead: 0 });
  await looks(1);
  depth.mockRestore();
  await looks(1);
  expect(sent.again).toEqual([]);
  await looks(1);
  expect(sent.again).toHaveLength(1);
});

it('leaves alone what was sent a moment ago', async () => {
  add(0.5);
  await looks(2);
  expect(sent.again).toEqual([]);
  await looks(1);
  expect(sent.again).toHaveLength(1);
});

it('comes back to what is at work, until its lease ends', async () => {
  const id = add(3, { ...untouched, job: 'running' });
  await looks(60);
  expect(sent.again).toEqual([]);
  sent.rows[0]!.traces = { ...untouched, job: 'stopped' };
  await looks(1);
  expect(sent.again).toEqual([id]);
});

it('reads what is settled once, but for the last minutes', async () => {
  add(3 * 24 * 60, done);
  add(3, done);
  await looks(3);
  const ofQueue = sent.asked.filter((_, index) => index % 3 === 0);
  const now = clock.now().getTime();
  expect(now - ofQueue.at(0)!.getTime()).toBeGreaterThan(4 * 24 * 60 * MINUTE);
  expect(now - sent.asked.at(-1)!.getTime()).toBeLessThan(20 * MINUTE);
});

it('never looks at what is older than the marks of deleted photos', async () => {
  add(6 * 24 * 60, { ...untouched, photoExists: false }, photoRemovals.name);
  await looks(3);
  expect(sent.again).toEqual([]);
});

it('has deleted photos cleared away', async () => {
  const lost = add(3, { ...untouched, photoExists: false }, photoRemovals.name);
  add(3, { ...untouched, photoExists: false, isMarkedRemoved: true }, photoRemovals.name);
  await looks(2);
  expect(sent.again).toEqual([lost]);
});

it('reads page by page', async () => {
  const lost = Array.from({ length: 450 }, () => add(3));
  await looks(2);
  expect(sent.again).toEqual(lost);
});

it('looks at the other queues when one fails, and tries again', async () => {
  const lost = add(3, { ...untouched, photoExists: false }, photoRemovals.name);
  const here = add(3);
  const page = vi.spyOn(sent, 'page').mockImplementationOnce(() => Promise.reject(new TemporaryError('away')));
  await looks(2);
  page.mockRestore();
  expect(sent.again).toEqual([lost]);
  await looks(1);
  expect(sent.again).toEqual([lost, here]);
});

it('is one look, however many ask for it at once', async () => {
  const depth = vi.spyOn(bus, 'depth');
  await Promise.all([reconciler.look(), reconciler.look()]);
  expect(depth.mock.calls).toEqual([[queue], [photoRemovals.queue]]);
});
