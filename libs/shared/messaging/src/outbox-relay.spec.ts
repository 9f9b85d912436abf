import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { modelTraining, photoRemovals } from '@repo/contracts';
import { newId, TemporaryError } from '@repo/kernel';
import { renderMetrics } from '@repo/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnroutableError } from './message-bus.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxStore, type OutboxBacklog, type OutboxRow } from './outbox-store.js';
import { InMemoryMessageBus } from './testing/in-memory-message-bus.js';

class FakeOutbox extends OutboxStore {
  readonly sent: string[] = [];
  readonly claimedUntil = new Map<string, number>();
  claims = 0;
  constructor(readonly rows: OutboxRow[] = []) {
    super();
  }

  async claimBatch(limit: number, claimMs: number, exceptQueues: readonly string[]): Promise<OutboxRow[]> {
    this.claims++;
    const now = performance.now();
    const free = this.rows.filter(({ id, queue }) => !this.sent.includes(id) && !exceptQueues.includes(queue) && (this.claimedUntil.get(id) ?? -1) < now);
    const claimed = free.sort((a, b) => a.attempts - b.attempts).slice(0, limit);
    claimed.forEach(({ id }) => this.claimedUntil.set(id, now + claimMs));
    return claimed.map((row) => ({ ...row }));
  }

  async markSent(ids: readonly string[]): Promise<void> {
    this.sent.push(...ids);
  }

  async markFailed(ids: readonly string[]): Promise<void> {
    for (const row of this.rows.filter(({ id }) => ids.includes(id))) {
      row.attempts++;
    }
  }

  async release(ids: readonly string[]): Promise<void> {
    ids.forEach((id) => this.claimedUntil.delete(id));
  }

  async backlog(): Promise<OutboxBacklog> {
    return { rows: this.rows.length - this.sent.length, oldestMs: 2_500 };
  }
}

Logger.overrideLogger(false);

const trainingRow = (changes: Partial<OutboxRow> = {}): OutboxRow => ({
  id: newId(),
  queue: modelTraining.queue,
  messageName: modelTraining.name,
  messageId: newId(),
  body: JSON.stringify({ batchId: 'b1', totalImages: 9, fotoId: newId() }),
  attempts: 0,
  ...changes,
});

const removalRow = (): OutboxRow =>
  trainingRow({ queue: photoRemovals.queue, messageName: photoRemovals.name, body: JSON.stringify({ fotoId: newId(), itemId: newId(), fotoCaminho: 'item/1/1.jpg' }) });

describe('OutboxRelay', () => {
  const relays: OutboxRelay[] = [];
  const startRelay = (store: OutboxStore, bus = new InMemoryMessageBus()) => {
    const relay = new OutboxRelay(store, bus);
    relays.push(relay);
    relay.start();
    return { relay, bus };
  };
  afterEach(() => Promise.all(relays.splice(0).map((relay) => relay.stop())));

  it('publishes each row under its own message id and trace, then marks it', async () => {
    const row = trainingRow({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    const store = new FakeOutbox([row]);
    const { bus } = startRelay(store);
    await vi.waitFor(() => expect(store.sent).toEqual([row.id]));
    expect(bus.published).toMatchObject([{ messageId: row.messageId, name: 'model.train.v1', traceparent: row.traceparent, body: { totalImages: 9 } }]);
  });

  it('works off more than one batch without waiting in between', async () => {
    const store = new FakeOutbox(Array.from({ length: 450 }, () => trainingRow()));
    const startedAt = performance.now();
    startRelay(store);
    await vi.waitFor(() => expect(store.sent).toHaveLength(450), 3_000);
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  it('is woken by a commit long before the next poll', async () => {
    const store = new FakeOutbox();
    const { relay, bus } = startRelay(store);
    await vi.waitFor(() => expect(store.claims).toBe(1));
    await sleep(20);
    store.rows.push(trainingRow());
    relay.wake();
    await vi.waitFor(() => expect(bus.published).toHaveLength(1), 300);
  });

  it('finds by itself what nobody woke it for', async () => {
    const store = new FakeOutbox();
    const { bus } = startRelay(store);
    await vi.waitFor(() => expect(store.claims).toBe(1));
    store.rows.push(trainingRow());
    await vi.waitFor(() => expect(bus.published).toHaveLength(1), 2_000);
  });

  it.each([
    ['a message nobody knows', { messageName: 'photo.vanish.v1' }],
    ['a body that breaks the schema', { messageName: photoRemovals.name }],
    ['a body that is not JSON', { body: '{' }],
  ])('leaves a row with %s unsent and sends the others', async (_, changes) => {
    const bad = trainingRow(changes);
    const good = [trainingRow(), trainingRow()];
    const store = new FakeOutbox([bad, ...good]);
    startRelay(store);
    await vi.waitFor(() => expect(store.sent.sort()).toEqual(good.map(({ id }) => id).sort()));
    expect(bad.attempts).toBe(1);
  });

  it('does not let full batches of bad rows hide the good ones', async () => {
    const bad = Array.from({ length: 450 }, () => trainingRow({ body: '{' }));
    const good = trainingRow();
    const store = new FakeOutbox([...bad, good]);
    startRelay(store);
    await vi.waitFor(() => expect(store.sent).toEqual([good.id]), 900);
  });

  describe('over a longer time', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const error = vi.spyOn(Logger.prototype, 'error');
    beforeEach(() => {
      vi.useFakeTimers();
      vi.clearAllMocks();
    });
    afterEach(() => vi.useRealTimers());

    it('keeps a row that the broker has no queue for, tells of it less and less often, and sends it once there is one', async () => {
      const bus = new InMemoryMessageBus();
      const publish = vi.spyOn(bus, 'publish').mockRejectedValue(new UnroutableError('no queue'));
      const row = trainingRow();
      const store = new FakeOutbox([row]);
      startRelay(store, bus);
      await vi.advanceTimersByTimeAsync(180_000);
      expect(store.sent).toEqual([]);
      expect(row.attempts).toBeGreaterThanOrEqual(8);
      expect(row.attempts).toBeLessThan(15);
      expect(error.mock.calls.map(([line]) => (line as { attempts: number }).attempts)).toEqual([1, 2, 4, 8]);
      publish.mockRestore();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(store.sent).toEqual([row.id]);
    });

    it('keeps 1,200 rows while the broker is away, blames none, asks and tells seldom, and catches up in seconds', async () => {
      const bus = new InMemoryMessageBus();
      const publish = vi.spyOn(bus, 'publish').mockRejectedValue(new TemporaryError('the broker is away'));
      const store = new FakeOutbox();
      const { relay } = startRelay(store, bus);
      for (let n = 0; n < 1_200; n++) {
        store.rows.push(trainingRow());
        relay.wake();
        await vi.advanceTimersByTimeAsync(100);
      }
      // Some 35 pauses, of 4 s at the end, and after each two batches before the first has failed.
      expect(publish.mock.calls.length).toBeLessThan(35 * 2 * 200);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(error).not.toHaveBeenCalled();
      publish.mockRestore();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(store.sent).toHaveLength(1_200);
      expect(store.rows.every(({ attempts }) => attempts === 0)).toBe(true);
    });

    it('sends the messages of one queue while the broker is silent about another', async () => {
      const bus = new InMemoryMessageBus();
      const publish = bus.publish.bind(bus);
      vi.spyOn(bus, 'publish').mockImplementation((message, body, options) => (message === photoRemovals ? new Promise(() => {}) : publish(message, body, options)));
      const silent = Array.from({ length: 300 }, () => removalRow());
      const store = new FakeOutbox([...silent]);
      const { relay } = startRelay(store, bus);
      await vi.advanceTimersByTimeAsync(60_000);
      const lagsMs: number[] = [];
      for (let n = 0; n < 40; n++) {
        const row = trainingRow();
        const pushedAt = performance.now();
        store.rows.push(row);
        relay.wake();
        for (; !store.sent.includes(row.id); await vi.advanceTimersByTimeAsync(50));
        lagsMs.push(performance.now() - pushedAt);
        await vi.advanceTimersByTimeAsync(500);
      }
      expect(Math.max(...lagsMs)).toBeLessThanOrEqual(5_100);
      expect(lagsMs.filter((lag) => lag < 100).length).toBeGreaterThan(10);
    });

    it('takes up the rows of a relay that died, under the same ids, when its claim has ended', async () => {
      const row = trainingRow();
      const store = new FakeOutbox([row]);
      await store.claimBatch(200, 15_000, []); // and nobody marks it
      const { bus } = startRelay(store);
      await vi.advanceTimersByTimeAsync(14_000);
      expect(bus.published).toEqual([]);
      await vi.advanceTimersByTimeAsync(2_500);
      expect(bus.published.map(({ messageId }) => messageId)).toEqual([row.messageId]);
    });

    it('publishes again, under the same id, what it could not mark', async () => {
      const row = trainingRow();
      const store = new FakeOutbox([row]);
      vi.spyOn(store, 'markSent').mockRejectedValueOnce(new Error('the connection was cut'));
      const { bus } = startRelay(store);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(store.sent).toEqual([row.id]);
      expect(bus.published.map(({ messageId }) => messageId)).toEqual([row.messageId, row.messageId]);
    });

    it('outlives a database that is away, asks once a second however often it is woken, and tells less and less often', async () => {
      const store = new FakeOutbox([trainingRow()]);
      const claimBatch = vi.spyOn(store, 'claimBatch').mockRejectedValue(new TemporaryError('ECONNREFUSED'));
      const { relay, bus } = startRelay(store);
      for (let n = 0; n < 600; n++) {
        relay.wake();
        await vi.advanceTimersByTimeAsync(100);
      }
      expect(claimBatch.mock.calls.length).toBeLessThanOrEqual(62);
      expect(warn).toHaveBeenCalledTimes(6);
      claimBatch.mockRestore();
      await vi.advanceTimersByTimeAsync(1_100);
      expect(bus.published).toHaveLength(1);
    });

    it('shows how many rows wait and since when, and asks the database for it at most every 10 s', async () => {
      const store = new FakeOutbox([trainingRow({ body: '{' }), trainingRow()]);
      const backlog = vi.spyOn(store, 'backlog');
      const { relay } = startRelay(store);
      for (let n = 0; n < 300; n++) {
        relay.wake();
        await vi.advanceTimersByTimeAsync(100);
      }
      expect(backlog.mock.calls.length).toBeGreaterThanOrEqual(3);
      expect(backlog.mock.calls.length).toBeLessThanOrEqual(4);
      const { text } = await renderMetrics();
      expect(text).toContain('outbox_waiting_rows 1');
      expect(text).toContain('outbox_oldest_waiting_seconds 2.5');
    });
  });

  it('finishes its batch before it stops', async () => {
    const bus = new InMemoryMessageBus();
    vi.spyOn(bus, 'publish').mockImplementation(() => sleep(100));
    const store = new FakeOutbox([trainingRow()]);
    const { relay } = startRelay(store, bus);
    await sleep(20);
    await relay.stop();
    expect(store.sent).toHaveLength(1);
    const { claims } = store;
    await sleep(50);
    expect(store.claims).toBe(claims);
  });

  it('may run twice: what both send is one message', async () => {
    const rows = Array.from({ length: 20 }, () => trainingRow());
    const store = new FakeOutbox(rows);
    const bus = new InMemoryMessageBus();
    startRelay(store, bus);
    startRelay(store, bus);
    await vi.waitFor(() => expect(new Set(store.sent).size).toBe(20));
    expect((await bus.depth(modelTraining.queue)).waiting).toBe(20);
  });
});
