import { messages } from '@repo/contracts';
import { beforeEach, expect, it, vi } from 'vitest';
import { connectMessageBus } from './connect-message-bus.js';

const opened: [adapter: string, options: unknown][] = [];
vi.mock('../rabbit/index.js', () => ({ RabbitMessageBus: { open: async (options: unknown) => opened.push(['rabbit', options]) } }));
vi.mock('../embedded/index.js', () => ({ PgBossMessageBus: { open: async (options: unknown) => opened.push(['pg-boss', options]) } }));

beforeEach(() => void opened.splice(0));

it.each([
  ['amqp://user:secret@host/vhost', 'rabbit'],
  ['amqps://user:secret@host', 'rabbit'],
  ['postgres://user:secret@host/db', 'pg-boss'],
  ['postgresql://user:secret@host/db', 'pg-boss'],
])('opens for %s: %s', async (url, adapter) => {
  const retries = { waitsMs: [1], jitter: 0 };
  await connectMessageBus({ url, retries, handlerDeadlineMs: 7 });
  expect(opened).toEqual([[adapter, expect.objectContaining({ url, retries, handlerDeadlineMs: 7 })]]);
});

it('has RabbitMQ make the queue of every message', async () => {
  await connectMessageBus({ url: 'amqp://host' });
  expect(opened).toEqual([['rabbit', expect.objectContaining({ queues: messages.map(({ queue }) => queue) })]]);
});

it.each(['redis://user:secret@host', 'http://host', '', 'amqp', 'amqpx://host', 'C:\\data'])('refuses "%s", says what it expected, and tells no password', async (url) => {
  const error = await connectMessageBus({ url }).then(String, (thrown: Error) => thrown.message);
  expect(error).toMatch(/Expected messages at amqp:\/\/.*postgres:\/\//);
  expect(error).not.toContain('secret');
  expect(opened).toEqual([]);
});
