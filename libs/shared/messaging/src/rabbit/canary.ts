import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TemporaryError, withDeadline } from '@repo/kernel';
import type { ConsumeMessage } from 'amqplib';
import { inTime, type BrokerConnection } from './broker-connection.js';
import { consume, LastingChannel, type ChannelLife } from './lasting-channel.js';
import type { Publisher } from './publisher.js';
import { canaryQueue } from './topology.js';

/**
 * Messages that prove the way through the broker and back: published with confirms into a quorum queue,
 * taken from there by any process, and answered to the sender's own queue.
 */
export class Canary {
  private readonly lasting: LastingChannel;
  private readonly expected = new Map<string, () => void>();
  private replyQueue = '';

  constructor(
    connection: BrokerConnection,
    private readonly publisher: Publisher,
  ) {
    this.lasting = new LastingChannel(connection, 'the canary', (life) => this.begin(life));
  }

  open(): Promise<void> {
    return this.lasting.open();
  }

  close(): Promise<void> {
    return this.lasting.close();
  }

  /** Throws TemporaryError when no answer comes within `timeoutMs`. */
  async fly(timeoutMs: number): Promise<void> {
    if (!this.lasting.current) {
      throw new TemporaryError('RabbitMQ can not be reached at the moment');
    }
    const id = randomUUID();
    const answered = new Promise<void>((resolve) => this.expected.set(id, resolve));
    try {
      await withDeadline('RabbitMQ', timeoutMs, Promise.race([answered, this.send(id, timeoutMs).then(() => answered)]));
    } finally {
      this.expected.delete(id);
    }
  }

  /** A second time when the first may have gone to a process that hangs: it can't take both. */
  private async send(id: string, timeoutMs: number): Promise<void> {
    await this.sendOnce(id);
    await sleep(timeoutMs / 2, undefined, { ref: false });
    if (this.expected.has(id)) {
      await this.sendOnce(id);
    }
  }

  private async sendOnce(id: string): Promise<void> {
    await this.publisher.send(canaryQueue, { text: id, headers: { replyTo: this.replyQueue } });
  }

  private async begin(life: ChannelLife): Promise<void> {
    const { channel } = life;
    const { queue } = await inTime(channel.assertQueue('', { exclusive: true, autoDelete: true }));
    this.replyQueue = queue;
    await consume(life, queue, ({ content }) => this.expected.get(content.toString())?.(), { noAck: true });
    await inTime(channel.prefetch(1));
    await consume(life, canaryQueue, (raw) => this.answer(life, raw));
  }

  private answer(life: ChannelLife, raw: ConsumeMessage): void {
    try {
      this.publisher.tell(String(raw.properties.headers?.['replyTo']), raw.content.toString());
      life.channel.ack(raw);
    } catch {
      // Who can't answer lets another process do it.
      life.channel.nack(raw);
    }
  }
}
