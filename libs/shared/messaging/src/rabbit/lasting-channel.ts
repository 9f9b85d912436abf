import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TemporaryError } from '@repo/kernel';
import type { ConfirmChannel, ConsumeMessage, Options } from 'amqplib';
import { inTime, type BrokerConnection } from './broker-connection.js';

/** A channel that can't be set up is tried again after about 0.5, 1, 2, … s, at most this. */
const firstPauseMs = 500;
const mostPauseMs = 20_000;

/** One life of a channel: what was delivered in it can be acknowledged in it alone. */
export class ChannelLife {
  /** Resolves with the reason. */
  readonly ended: Promise<string>;
  private resolveEnded!: (reason: string) => void;
  private over = false;

  constructor(readonly channel: ConfirmChannel) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    channel.on('error', ({ message }) => this.end(message));
    channel.on('close', () => this.end('the connection was lost'));
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Gives it up: the broker takes back what was not acknowledged, and the next life begins. */
  end(reason: string): void {
    this.over = true;
    this.resolveEnded(reason);
  }
}

/** A channel that is opened and set up again whenever it ends, until it is closed. */
export class LastingChannel {
  private readonly logger = new Logger('messages');
  private readonly closing = new AbortController();
  private life?: ChannelLife;

  /**
   * @param purpose for the log
   * @param setUp begins a life: consumes, say. When it throws, that life is over.
   */
  constructor(
    private readonly connection: BrokerConnection,
    private readonly purpose: string,
    private readonly setUp: (life: ChannelLife) => Promise<void>,
  ) {}

  /** Undefined while there is none that works. */
  get current(): ChannelLife | undefined {
    return this.life?.isOver ? undefined : this.life;
  }

  /** Resolves when the first life has begun; throws what keeps it from beginning. */
  async open(): Promise<void> {
    this.life = await this.begin();
    void this.keepOpen();
  }

  async close(): Promise<void> {
    this.closing.abort();
    if (this.current) {
      await this.finish(this.current, 'closed');
    }
  }

  private async keepOpen(): Promise<void> {
    while (this.life) {
      const { life } = this;
      const reason = await life.ended;
      if (this.closing.signal.aborted) {
        return;
      }
      this.logger.warn({ msg: 'a channel to RabbitMQ ended, another is opened', purpose: this.purpose, reason });
      void this.finish(life, reason);
      this.life = await this.beginAgain();
    }
  }

  /** Answers undefined when it was closed meanwhile. */
  private async beginAgain(): Promise<ChannelLife | undefined> {
    for (let pauseMs = firstPauseMs; ; ) {
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal: this.closing.signal }).catch(() => undefined);
      if (this.closing.signal.aborted) {
        return undefined;
      }
      const wasConnected = this.connection.isOpen;
      try {
        return await this.begin();
      } catch (error) {
        // While the broker is away there is nothing to say, and no reason to wait once it is back.
        pauseMs = wasConnected ? Math.min(2 * pauseMs, mostPauseMs) : firstPauseMs;
        if (wasConnected) {
          this.logger.warn({ msg: 'a channel to RabbitMQ could not be set up', purpose: this.purpose, err: error });
        }
      }
    }
  }

  private async begin(): Promise<ChannelLife> {
    const life = new ChannelLife(await this.connection.openChannel());
    try {
      this.closing.signal.throwIfAborted();
      await this.setUp(life);
      return life;
    } catch (error) {
      void this.finish(life, 'it could not be set up');
      throw error;
    }
  }

  private async finish(life: ChannelLife, reason: string): Promise<void> {
    life.end(reason);
    await this.connection.closeChannel(life.channel);
  }
}

/**
 * Begins to consume; answers the consumer's tag. A consumer that the broker cancels, because its queue
 * was deleted, ends the life. Throws TemporaryError when the queue does not answer.
 *
 * @param receive must not throw: that would end the connection
 */
export async function consume(life: ChannelLife, queue: string, receive: (message: ConsumeMessage) => void, options?: Options.Consume): Promise<string> {
  const hear = (message: ConsumeMessage | null) => (message ? receive(message) : life.end(`the broker cancelled the consumer of ${queue}`));
  try {
    const { consumerTag } = await inTime(life.channel.consume(queue, hear, options));
    return consumerTag;
  } catch (cause) {
    throw new TemporaryError(`${queue} can not be consumed. If RabbitMQ is well, the queue is lost: \`rabbitmqctl delete_queue ${queue}\` makes room for a new one`, { cause });
  }
}
