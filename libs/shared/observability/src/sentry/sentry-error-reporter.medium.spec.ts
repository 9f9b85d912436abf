import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inTrace } from '../trace-context.js';
import { FakeSentry } from './fake-sentry.fixture.js';
import { SentryErrorReporter } from './sentry-error-reporter.js';

Logger.overrideLogger(false);

let sentry: FakeSentry;
let reporter: SentryErrorReporter;
const unhandled = vi.fn();

beforeEach(async () => {
  sentry = await FakeSentry.start();
  reporter = new SentryErrorReporter({ dsn: sentry.dsn, service: 'backend' });
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  await reporter.onApplicationShutdown();
  await sentry.stop();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

const arrived = (count = 1) => vi.waitFor(() => expect(sentry.events).toHaveLength(count), 3_000);
const eventOf = async (error: unknown, context: Record<string, unknown> = {}) => {
  reporter.report(error, context);
  await arrived();
  return sentry.events[0]!;
};

describe('an event', () => {
  it('holds the error, what caused it, and the context, with what people search by as tags', async () => {
    const error = new TypeError('x is not a function', { cause: new Error('no column "x"') });
    const event = await eventOf(error, { itemId: 'i-1', attempt: 3, queue: 'ImageAugmentations', stage: { name: 'render', tries: [1, 2] } });
    expect(event).toMatchObject({
      level: 'error',
      platform: 'node',
      release: expect.stringMatching(/^ocolecionador@\d+\.\d+\.\d+$/),
      tags: { service: 'backend', itemId: 'i-1', attempt: '3', queue: 'ImageAugmentations' },
      extra: { itemId: 'i-1', attempt: 3, stage: { name: 'render', tries: [1, 2] } },
    });
    const { values } = event.exception as { values: { type: string; value: string; stacktrace: { frames: { filename: string }[] } }[] };
    expect(values.map(({ type, value }) => [type, value])).toEqual([['Error', 'no column "x"'], ['TypeError', 'x is not a function']]);
    expect(values[1]!.stacktrace.frames.at(-1)!.filename).toContain('sentry-error-reporter.medium.spec');
  });

  it('goes to the project that the DSN names, under its key', async () => {
    await eventOf(new Error('no'));
    expect(sentry.envelopes[0]!.path).toContain('/api/7/envelope/');
    expect(`${sentry.envelopes[0]!.path} ${sentry.envelopes[0]!.headers['x-sentry-auth']}`).toContain('publickey');
  });

  it('names the trace it belongs to', async () => {
    inTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', () => reporter.report(new Error('no'), {}));
    await arrived();
    expect(sentry.events[0]).toMatchObject({ tags: { traceId: '0af7651916cd43dd8448eb211c80319c' } });
  });

  it('holds no secret, no address and nothing that hangs on an error', async () => {
    const cause = Object.assign(new Error('connect postgres://app:s3cr3t@db/x failed'), { client: { password: 's3cr3t' } });
    const event = await eventOf(new Error('sign-in of ana@example.com with Bearer s3cr3t', { cause }), {
      password: 's3cr3t',
      itemId: 'ana@example.com',
      headers: { authorization: 's3cr3t', cookie: 's3cr3t' },
      link: 'https://host/a?signature=s3cr3t',
    });
    expect(JSON.stringify(event)).not.toMatch(/s3cr3t|ana@/);
    expect(event).not.toHaveProperty('user');
    expect(event).not.toHaveProperty('request');
  });

  it.each<[what: string, error: unknown, context: Record<string, unknown>]>([
    ['a text', 'no', {}],
    ['nothing', undefined, {}],
    ['an object', { code: 7 }, {}],
    ['a context that holds itself', new Error('no'), selfHolding()],
    ['a large context', new Error('no'), { buffer: Buffer.alloc(5_000_000), list: Array.from({ length: 100_000 }, (_, n) => n), text: 'x'.repeat(1_000_000) }],
    ['a tag of many lines', new Error('no'), { queue: `a\nb${'x'.repeat(1_000)}` }],
  ])('can be made of %s', async (_, error, context) => {
    const event = await eventOf(error, context);
    expect(JSON.stringify(event).length).toBeLessThan(100_000);
    expect(Object.values(event.tags as Record<string, string>).every((tag) => tag.length <= 200 && !tag.includes('\n'))).toBe(true);
  });

  it('is one for each error, however often that is reported, and nothing else is ever sent', async () => {
    const error = new Error('the same');
    reporter.report(error, {});
    reporter.report(error, {});
    reporter.report(new Error('the same'), {});
    await reporter.onApplicationShutdown();
    expect(sentry.envelopes.flatMap(({ items }) => items.map(({ type }) => type))).toEqual(['event', 'event']);
  });

  it('is a line in the log as well', async () => {
    const log = vi.spyOn(Logger.prototype, 'error');
    const error = new Error('no');
    await eventOf(error, { itemId: 'i-1' });
    expect(log).toHaveBeenCalledWith({ itemId: 'i-1', err: error });
  });
});

describe('a server', () => {
  it('that is slow gets what was reported last before the service ends', async () => {
    reporter.report(new Error('the last'), {});
    await reporter.onApplicationShutdown();
    expect(sentry.events).toHaveLength(1);
  });

  it('that hangs delays nobody, takes no more than 64 events and keeps the service no longer than 2 s from ending', async () => {
    sentry.behaviour = 'hang';
    const startedAt = performance.now();
    for (let n = 0; n < 1_000; n++) {
      reporter.report(new Error(`failure ${n}`), {});
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const endingAt = performance.now();
    await reporter.onApplicationShutdown();
    expect(performance.now() - endingAt).toBeLessThan(3_500);
    expect(sentry.envelopes.length).toBeLessThanOrEqual(64);
  });

  it('that hung gets events again once it answers', async () => {
    sentry.behaviour = 'hang';
    for (let n = 0; n < 64; n++) {
      reporter.report(new Error(`failure ${n}`), {});
    }
    await vi.waitFor(() => expect(sentry.envelopes).toHaveLength(64), 3_000);
    sentry.behaviour = { status: 200 };
    reporter.report(new Error('lost: there is no room'), {});
    await sleep(5_500);
    reporter.report(new Error('heard again'), {});
    await vi.waitFor(() => expect(sentry.events.at(-1)).toMatchObject({ exception: { values: [{ value: 'heard again' }] } }), 3_000);
  });

  it('that asks for a pause gets it', async () => {
    sentry.behaviour = { status: 429, headers: { 'retry-after': '60' } };
    await eventOf(new Error('first'));
    await sleep(50);
    for (let n = 0; n < 10; n++) {
      reporter.report(new Error(`failure ${n}`), {});
    }
    await sleep(200);
    expect(sentry.envelopes).toHaveLength(1);
  });

  it.each([500, 503, 400, 413])('that answers %i harms nobody', async (status) => {
    sentry.behaviour = { status };
    reporter.report(new Error('first'), {});
    reporter.report(new Error('second'), {});
    await arrived(2);
  });

  it('that is not there harms nobody', async () => {
    const nowhere = new SentryErrorReporter({ dsn: 'http://key@127.0.0.1:1/7', service: 'backend' });
    nowhere.report(new Error('unheard'), {});
    const startedAt = performance.now();
    await nowhere.onApplicationShutdown();
    expect(performance.now() - startedAt).toBeLessThan(3_500);
  });

  it.each(['http://no-key-and-no-project', 'http://key@host', 'http://ke-y@host/7'])('whose address "%s" makes no sense does not keep a service from starting, and is told of', (dsn) => {
    const log = vi.spyOn(Logger.prototype, 'error');
    const deaf = new SentryErrorReporter({ dsn, service: 'backend' });
    expect(log).toHaveBeenCalledWith(expect.stringContaining('SENTRY_DSN'));
    expect(() => deaf.report(new Error('unheard'), {})).not.toThrow();
  });
});

function selfHolding(): Record<string, unknown> {
  const context: Record<string, unknown> = { itemId: 'i-1' };
  context.self = context;
  return context;
}
