import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { messages } from '@repo/contracts';
import { InvalidInputError, TemporaryError, withDeadline } from '@repo/kernel';
import { counter } from '@repo/observability';
import { MessageBus } from './message-bus.js';
import { OutboxStore, type OutboxRow } from './outbox-store.js';
import { Signal } from './signal.js';

const batchSize = 100;
/** Finds what a `wake` missed: rows of a process that died right after its commit. */
const pollMs = 1_000;
const storeDeadlineMs = 10_000;

const relayed = counter('outbox_rows_total', 'Outbox rows by what became of their publication', ['result']);

type Publication = { row: OutboxRow; result: 'sent' | 'postponed' | 'failed' };

/**
 * Publishes what transactions left in the outbox. A row is marked as sent only after the broker
 * keeps its message, so a crash in between sends it again, under the same messageId.
 * Several relays may run: what two of them send twice is one message by that id.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly signal = new Signal();
  private running?: Promise<void>;
  private stopping = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly bus: MessageBus,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
  }

  // The first hook of a shutdown: the bus and the database are still there for the last batch.
  async onModuleDestroy(): Promise<void> {
    await this.stop();
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Call after each commit that wrote to the outbox. */
  wake(): void {
    this.signal.ring();
  }

  /** Finishes the batch in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.signal.ring();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const mayHoldMore = await this.relayBatch().catch((error: unknown) => {
        this.logger.warn({ msg: 'the outbox could not be read or marked', err: error });
        return false;
      });
      if (!mayHoldMore) {
        await this.signal.wait(pollMs);
      }
    }
  }

  /** Answers whether another batch is worth asking for at once. */
  private async relayBatch(): Promise<boolean> {
    const rows = await withDeadline('The outbox', storeDeadlineMs, this.store.claimBatch(batchSize));
    const publications = await Promise.all(rows.map((row) => this.publish(row)));
    const ids = (result: Publication['result']) => publications.filter((one) => one.result === result).map(({ row }) => row.id);
    const sent = ids('sent');
    const failed = ids('failed');
    if (sent.length > 0) {
      await withDeadline('The outbox', storeDeadlineMs, this.store.markSent(sent));
    }
    if (failed.length > 0) {
      await withDeadline('The outbox', storeDeadlineMs, this.store.markFailed(failed));
    }
    return sent.length > 0 && rows.length === batchSize;
  }

  private async publish(row: OutboxRow): Promise<Publication> {
    const result = await this.send(row).then(
      () => 'sent' as const,
      (error: unknown) => {
        // A broker that is down says nothing about the row.
        const kind = error instanceof TemporaryError ? 'postponed' : 'failed';
        if (kind === 'failed' && isPowerOfTwo(row.attempts + 1)) {
          this.logger.error({ msg: 'an outbox row can not be published', row: row.id, messageName: row.messageName, attempts: row.attempts + 1, err: error });
        }
        return kind;
      },
    );
    relayed.inc({ result });
    return { row, result };
  }

  private async send({ messageName, messageId, body, traceparent }: OutboxRow): Promise<void> {
    const message = messages.find(({ name }) => name === messageName);
    if (!message) {
      throw new InvalidInputError(`The outbox holds "${messageName}", which is no message of this version`);
    }
    await this.bus.publish<unknown>(message, JSON.parse(body), { messageId, traceparent });
  }
}

// A row that never succeeds is tried every second; its log lines thin out instead.
function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
