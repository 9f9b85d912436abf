import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { TemporaryError, withDeadline } from '@repo/kernel';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { brokerFailure } from './errors.js';

const deadlineMs = 10_000;
/** A broker that was started together with us may need a moment. */
const firstDeadlineMs = 5_000;
/** For what takes a well broker milliseconds, and nothing depends on. */
const closeDeadlineMs = 2_000;
/** A silent broker is noticed after two to three of these: 18 s at most. `?heartbeat=` in the URL says otherwise. */
const heartbeatS = 6;
/** A channel that can't even be closed waits for a queue that is lost; the broker allows 2,047 on a connection. */
const mostStuckChannels = 100;

/** No call to the broker may hang: a lost quorum queue never answers, though its connection stays well. */
export function inTime<T>(work: Promise<T>): Promise<T> {
  return withDeadline('RabbitMQ', deadlineMs, work);
}

/** A connection that comes back by itself, within seconds of the broker. */
export class BrokerConnection {
  private readonly logger = new Logger('messages');
  private stuckChannels = 0;
  private closing = false;
  private socket?: Duplex;
  private lastFailure?: Error;
  /** Why the broker takes no messages at the moment: a full disk, say. */
  blockedBecause?: string;

  private constructor(
    private readonly manager: AmqpConnectionManagerClass,
    private readonly purpose: string,
  ) {
    manager.on('connect', () => {
      this.socket = socketOf(manager.connection!);
      this.logger.log({ msg: 'connected to RabbitMQ', purpose });
    });
    manager.on('disconnect', ({ err }) => {
      this.logger.warn({ msg: 'the connection to RabbitMQ was lost', purpose, reason: err?.message });
      // The driver waits for the other side to hang up, which a silent one never does.
      this.socket?.destroy();
      this.blockedBecause = undefined;
      this.stuckChannels = 0;
      this.spreadReconnection();
    });
    manager.on('connectFailed', ({ err }) => {
      this.lastFailure = err;
      this.spreadReconnection();
    });
    manager.on('blocked', ({ reason }) => {
      this.blockedBecause = reason;
      this.logger.warn({ msg: 'RabbitMQ takes no messages', purpose, reason });
    });
    manager.on('unblocked', () => (this.blockedBecause = undefined));
  }

  /**
   * @param purpose shown in the broker's list of connections
   * Throws TemporaryError when the broker does not answer, AccessDeniedError when it refuses us.
   */
  static async open(url: string, purpose: string): Promise<BrokerConnection> {
    const manager = new AmqpConnectionManagerClass(url, {
      heartbeatIntervalInSeconds: heartbeatS,
      connectionOptions: {
        timeout: deadlineMs,
        noDelay: true,
        clientProperties: { connection_name: `ocolecionador ${purpose} (process ${process.pid})` },
      },
    });
    const connection = new BrokerConnection(manager, purpose);
    connection.spreadReconnection();
    try {
      await manager.connect({ timeout: firstDeadlineMs });
      return connection;
    } catch (error) {
      await connection.close();
      // The driver's own error says no more than that time ran out.
      throw brokerFailure(connection.lastFailure ?? error);
    }
  }

  get isOpen(): boolean {
    return this.manager.isConnected();
  }

  /** Opens a channel; waits for the connection when there is none. Its errors are heard by `close` alone. */
  async openChannel(): Promise<ConfirmChannel> {
    const model = await this.current();
    const channel = await inTime(model.createConfirmChannel());
    // An error without a listener would end the process; `close` follows every one.
    channel.on('error', () => undefined);
    return channel;
  }

  /** Does one thing on a channel of its own: what goes wrong there ends no other. */
  async withChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.openChannel();
    try {
      return await inTime(work(channel));
    } finally {
      void this.closeChannel(channel);
    }
  }

  /** Never throws. */
  async closeChannel(channel: Channel): Promise<void> {
    try {
      await withDeadline('RabbitMQ', closeDeadlineMs, channel.close());
    } catch (error) {
      const hasEnded = (error as Error).name === 'IllegalOperationError';
      if (!hasEnded && this.isOpen && ++this.stuckChannels > mostStuckChannels) {
        this.drop(`${this.stuckChannels} channels are stuck`);
      }
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    await withDeadline('RabbitMQ', closeDeadlineMs, this.manager.close()).catch(() => this.drop('closed'));
  }

  private async current(): Promise<ChannelModel> {
    if (!this.isOpen && !this.closing) {
      // Its only error is the timeout's.
      await once(this.manager, 'connect', { signal: AbortSignal.timeout(deadlineMs) }).catch(() => undefined);
    }
    if (!this.manager.connection) {
      throw new TemporaryError('RabbitMQ can not be reached');
    }
    return this.manager.connection;
  }

  private drop(reason: string): void {
    this.socket?.destroy(new Error(reason));
  }

  // So that a hundred processes don't come back in the same moment.
  private spreadReconnection(): void {
    this.manager.reconnectTimeInSeconds = 0.3 + 0.7 * Math.random();
  }
}

// The driver keeps it to itself, and has no other way to let go of a broker that does not answer.
function socketOf({ connection }: ChannelModel): Duplex {
  return (connection as unknown as { stream: Duplex }).stream;
}
