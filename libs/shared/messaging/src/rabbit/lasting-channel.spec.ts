import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { TemporaryError } from '@repo/kernel';
import type { ConfirmChannel } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrokerConnection } from './broker-connection.js';
import { ChannelLife, consume, LastingChannel } from './lasting-channel.js';

Logger.overrideLogger(false);

// Vitest's clock does not reach Node's own promises of time.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve, reject) => {
      setTimeout(resolve, ms, value);
      signal.onabort = reject;
    }),
}));

type Callback = Parameters<ConfirmChannel['consume']>[1];

function lifeOf(consumeAnswer: (callback: Callback) => Promise<{ consumerTag: string }>): ChannelLife {
  const channel = Object.assign(new EventEmitter(), { consume: (_queue: string, callback: Callback) => consumeAnswer(callback) });
  return new ChannelLife(channel as unknown as ConfirmChannel);
}

describe('consume', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives up on a queue that never answers, and says what to do about it', async () => {
    const life = lifeOf(() => new Promise(() => undefined));
    const failure = consume(life, 'Q', () => undefined).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10_000);
    const error = await failure;
    expect(error).toBeInstanceOf(TemporaryError);
    expect((error as Error).message).toContain('rabbitmqctl delete_queue Q');
  });

  it('ends the life of a consumer that the broker cancels', async () => {
    let callback: Callback | undefined;
    const life = lifeOf(async (given) => ((callback = given), { consumerTag: 'tag' }));
    expect(await consume(life, 'Q', () => undefined)).toBe('tag');
    expect(life.isOver).toBe(false);
    callback!(null);
    expect(life.isOver).toBe(true);
    expect(await life.ended).toContain('cancelled');
  });
});

it.each(['error', 'close'])('is over with the %s of its channel', async (event) => {
  const channel = new EventEmitter();
  const life = new ChannelLife(channel as ConfirmChannel);
  channel.emit(event, new Error('CHANNEL_ERROR'));
  expect(life.isOver).toBe(true);
  expect(await life.ended).toMatch(/CHANNEL_ERROR|connection was lost/);
});

describe('a lasting channel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** A connection on which the first channel can be opened, and no other as long as `failing`. */
  function connectionThat(state: { isOpen: boolean; failing: boolean }) {
    const channels: EventEmitter[] = [];
    let tries = 0;
    const connection = {
      get isOpen() {
        return state.isOpen;
      },
      async openChannel() {
        tries++;
        if (state.failing && channels.length > 0) {
          throw new TemporaryError('no channel');
        }
        channels.push(new EventEmitter());
        return channels.at(-1)!;
      },
      closeChannel: async () => undefined,
    };
    return { connection: connection as unknown as BrokerConnection, channels, triesSoFar: () => tries };
  }

  it.each([
    ['asks often while the broker is away: it may be back any moment', false, 60, 260],
    ['asks less and less often while the broker is there and refuses', true, 4, 15],
  ])('%s', async (_, isOpen, least, most) => {
    const state = { isOpen, failing: true };
    const { connection, channels, triesSoFar } = connectionThat(state);
    const lasting = new LastingChannel(connection, 'test', async () => undefined);
    await lasting.open();
    channels[0]!.emit('close');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(triesSoFar()).toBeGreaterThanOrEqual(least);
    expect(triesSoFar()).toBeLessThanOrEqual(most);
    state.failing = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lasting.current).toBeDefined();
    await lasting.close();
  });

  it('opens no more once it is closed', async () => {
    const { connection, channels, triesSoFar } = connectionThat({ isOpen: true, failing: true });
    const lasting = new LastingChannel(connection, 'test', async () => undefined);
    await lasting.open();
    channels[0]!.emit('close');
    await vi.advanceTimersByTimeAsync(2_000);
    await lasting.close();
    const tries = triesSoFar();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(triesSoFar()).toBe(tries);
  });
});
