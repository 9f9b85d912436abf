import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { modelTraining, photoRemovals } from '@repo/contracts';
import { newId, TemporaryError } from '@repo/kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxStore, type OutboxRow } from './outbox-store.js';
import { InMemoryMessageBus } from './testing/in-memory-message-bus.js';

class FakeOutbox extends OutboxStore {
  readonly sent: string[] = [];
  claims = 0;
  constructor(readonly rows: OutboxRow[] = []) {
    super();
  }

  async claimBatch(limit: number): Promise<OutboxRow[]> {
    this.claims++;
    const unsent = this.rows.filter(({ id }) => !this.sent.includes(id));
    return unsent.sort((a, b) => a.attempts - b.attempts).slice(0, limit).map((row) => ({ ...row }));
  }

  async markSent(ids: readonly string[]): Promise<void> {
    this.sent.push(...ids);
  }

  async markFailed(ids: readonly string[]): Promise<void> {
    for (const row of this.rows.filter(({ id }) => ids.includes(id))) {
      row.attempts++;
    }
  }
}

Logger.overrideLogger(false);

const trainingRow = (changes: Partial<OutboxRow> = {}): OutboxRow => ({
  id: newId(),
  messageName: modelTraining.name,
  messageId: newId(),
  body: JSON.stringify({ batchId: 'b1', totalImages: 9, fotoId: newId() }),
  attempts: 0,
  ...changes,
});

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

  it('does not let a full batch of bad rows hide the good ones', async () => {
    const bad = Array.from({ length: 150 }, () => trainingRow({ body: '{' }));
    const good = trainingRow();
    const store = new FakeOutbox([...bad, good]);
    const { relay } = startRelay(store);
    for (let turn = 0; turn < 3; turn++) {
      await sleep(20);
      relay.wake();
    }
    await vi.waitFor(() => expect(store.sent).toEqual([good.id]), 2_000);
  });

  it('does not blame the rows when the broker is away, and sends them when it is back', async () => {
    const bus = new InMemoryMessageBus();
    const publish = vi.spyOn(bus, 'publish').mockRejectedValue(new TemporaryError('the broker is away'));
    const row = trainingRow();
    const store = new FakeOutbox([row]);
    const { relay } = startRelay(store, bus);
    await vi.waitFor(() => expect(publish).toHaveBeenCalled());
    publish.mockRestore();
    relay.wake();
    await vi.waitFor(() => expect(store.sent).toEqual([row.id]));
    expect(row.attempts).toBe(0);
  });

  it('publishes again, under the same id, what it could not mark', async () => {
    const row = trainingRow();
    const store = new FakeOutbox([row]);
    const markSent = vi.spyOn(store, 'markSent').mockRejectedValueOnce(new Error('the connection was cut'));
    const { relay, bus } = startRelay(store);
    await vi.waitFor(() => expect(markSent).toHaveBeenCalledTimes(1));
    relay.wake();
    await vi.waitFor(() => expect(store.sent).toEqual([row.id]), 2_000);
    expect(bus.published.map(({ messageId }) => messageId)).toEqual([row.messageId, row.messageId]);
    expect((await bus.depth(modelTraining.queue)).waiting).toBe(1);
  });

  it('outlives a database that is away', async () => {
    const store = new FakeOutbox([trainingRow()]);
    vi.spyOn(store, 'claimBatch').mockRejectedValueOnce(new Error('ECONNREFUSED'));
    const { relay, bus } = startRelay(store);
    await sleep(20);
    relay.wake();
    await vi.waitFor(() => expect(bus.published).toHaveLength(1), 2_000);
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
