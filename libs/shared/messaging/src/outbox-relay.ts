import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { messages } from '@repo/contracts';
import { crashPoint, InvalidInputError, withDeadline } from '@repo/kernel';
import { counter, gauge } from '@repo/observability';
import { MessageBus, UnroutableError } from './message-bus.js';
import { OutboxStore, type OutboxRow } from './outbox-store.js';
import { classifyError } from './retry-policy.js';
import { Signal } from './signal.js';

/** RabbitMQ confirms 11,400 messages a second with 100 on their way, 15,200 with 1,000. */
const batchSize = 200;
/** While one batch is on its way the next is claimed: a row waits neither for the confirms nor for the marks of others. */
const mostBatches = 4;
/** Finds what a `wake` missed: rows of a process that died right after its commit. */
const pollMs = 1_000;
const storeDeadlineMs = 10_000;
const publishDeadlineMs = 5_000;
/** Longer than a batch can take. Rows of a relay that died are published by another after this time. */
const claimMs = publishDeadlineMs + storeDeadlineMs;
/** A queue that takes nothing is left alone for 250, 500, … ms, at most this. */
const firstPauseMs = 250;
const mostPauseMs = 4_000;
const backlogEveryMs = 10_000;

const relayed = counter('outbox_rows_total', 'Outbox rows by what became of their publication', ['result']);
const waitingRows = gauge('outbox_waiting_rows', 'Outbox rows that are not published yet');
const oldestWaiting = gauge('outbox_oldest_waiting_seconds', 'Age of the oldest outbox row that is not published yet');

type Result = 'sent' | 'postponed' | 'failed';

interface Pause {
  until: number;
  ms: number;
}

/**
 * Publishes what transactions left in the outbox. A row is marked as sent only after the broker keeps its message,
 * so a crash in between sends it again, under the same messageId. Several relays may run: each claims rows of its
 * own. No lock and no connection is held while the broker is asked, and a queue that takes nothing seldom keeps
 * the rows of others waiting: 5 s at most.
 */
@Injectable()
export class OutboxRelay implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OutboxRelay.name);
  private readonly signal = new Signal();
  private readonly leaving = new Signal();
  private readonly pauses = new Map<string, Pause>();
  private readonly onTheirWay = new Set<Promise<void>>();
  private running?: Promise<void>;
  private stopping = false;
  private storeFailures = 0;
  private backlogAt = -Infinity;

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

  /** Finishes the batches in hand. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.signal.ring();
    this.leaving.ring();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        const mayHoldMore = await this.startBatch();
        await this.countBacklogWhenDue();
        this.noteStoreAnswered();
        if (!mayHoldMore) {
          await this.signal.wait(pollMs);
        }
      } catch (error) {
        this.noteStoreFailure(error);
        // Not by the signal: every upload rings.
        await this.leaving.wait(pollMs);
      }
    }
    await Promise.all(this.onTheirWay);
  }

  /** Answers whether another batch is worth asking for at once. */
  private async startBatch(): Promise<boolean> {
    if (this.onTheirWay.size === mostBatches) {
      await Promise.race(this.onTheirWay);
    }
    const rows = await inTime(this.store.claimBatch(batchSize, claimMs, this.pausingQueues()));
    if (rows.length === 0) {
      return false;
    }
    crashPoint('relay.claimed');
    const batch = this.relay(rows)
      .catch((error: unknown) => this.noteStoreFailure(error))
      .finally(() => this.onTheirWay.delete(batch));
    this.onTheirWay.add(batch);
    return rows.length === batchSize;
  }

  private async relay(rows: readonly OutboxRow[]): Promise<void> {
    const results = await Promise.all(rows.map((row) => this.publish(row)));
    crashPoint('relay.published');
    const idsOf = (result: Result) => rows.filter((_, index) => results[index] === result).map(({ id }) => id);
    const [sent, failed, postponed] = [idsOf('sent'), idsOf('failed'), idsOf('postponed')];
    if (sent.length > 0) {
      await inTime(this.store.markSent(sent));
    }
    crashPoint('relay.marked');
    if (failed.length > 0) {
      await inTime(this.store.markFailed(failed));
    }
    if (postponed.length > 0) {
      await inTime(this.store.release(postponed));
    }
  }

  /** Never throws. */
  private async publish(row: OutboxRow): Promise<Result> {
    const result = await withDeadline('The broker', publishDeadlineMs, this.send(row)).then(
      () => this.noteTaken(row),
      (error: unknown) => this.noteRefused(row, error),
    );
    relayed.inc({ result });
    return result;
  }

  private async send({ messageName, messageId, body, traceparent }: OutboxRow): Promise<void> {
    const message = messages.find(({ name }) => name === messageName);
    if (!message) {
      throw new InvalidInputError(`The outbox holds "${messageName}", which is no message of this version`);
    }
    await this.bus.publish<unknown>(message, JSON.parse(body), { messageId, traceparent });
  }

  private noteTaken({ queue }: OutboxRow): Result {
    if (this.pauses.delete(queue)) {
      this.logger.log({ msg: 'the broker takes messages again', queue });
    }
    return 'sent';
  }

  private noteRefused({ id, queue, messageName, attempts }: OutboxRow, error: unknown): Result {
    // A broker that is away says nothing about the row; one that has no queue for it does.
    if (classifyError(error) === 'transient' && !(error instanceof UnroutableError)) {
      this.pauseQueue(queue, error);
      return 'postponed';
    }
    if (isPowerOfTwo(attempts + 1)) {
      this.logger.error({ msg: 'an outbox row can not be published', row: id, queue, messageName, attempts: attempts + 1, err: error });
    }
    return 'failed';
  }

  /** Rows of one batch fail together: only the first lengthens the pause. */
  private pauseQueue(queue: string, error: unknown): void {
    const now = performance.now();
    const last = this.pauses.get(queue);
    if (last && last.until > now) {
      return;
    }
    if (!last) {
      this.logger.warn({ msg: 'the broker takes no messages at the moment, the outbox keeps them', queue, err: error });
    }
    const ms = last ? Math.min(2 * last.ms, mostPauseMs) : firstPauseMs;
    this.pauses.set(queue, { until: now + ms, ms });
  }

  private pausingQueues(): string[] {
    const now = performance.now();
    return [...this.pauses].filter(([, { until }]) => until > now).map(([queue]) => queue);
  }

  private async countBacklogWhenDue(): Promise<void> {
    if (performance.now() - this.backlogAt < backlogEveryMs) {
      return;
    }
    this.backlogAt = performance.now();
    const { rows, oldestMs } = await inTime(this.store.backlog());
    waitingRows.set(rows);
    oldestWaiting.set(oldestMs / 1_000);
  }

  private noteStoreAnswered(): void {
    if (this.storeFailures > 0) {
      this.logger.log({ msg: 'the outbox answers again', after: this.storeFailures });
      this.storeFailures = 0;
    }
  }

  private noteStoreFailure(error: unknown): void {
    this.storeFailures++;
    if (isPowerOfTwo(this.storeFailures)) {
      this.logger.warn({ msg: 'the outbox could not be read or marked', times: this.storeFailures, err: error });
    }
  }
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return withDeadline('The outbox', storeDeadlineMs, work);
}

// What fails every second has to be heard, and must not fill the log: its lines thin out.
function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
