import { EventEmitter } from 'node:events';
import { TemporaryError } from '@repo/kernel';
import type { ConfirmChannel } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelLife, consume } from './lasting-channel.js';

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
