import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@repo/contracts';
import { AccessDeniedError, done, InvalidInputError, newId, PermanentError, skipped, TemporaryError } from '@repo/kernel';
import { currentTrace, inTrace } from '@repo/observability';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DeadLetterSink, type DeadLetter } from '../dead-letter.js';
import type { MessageBus, QueueDepth } from '../message-bus.js';
import type { RetryPolicy } from '../retry-policy.js';
import { poisonFor } from './poison.js';
import { suiteCommand, type SuiteBody } from './suite-command.js';
import type { ConsumerProcess } from './suite-consumer.js';

export interface BusOptions {
  retries: RetryPolicy;
  handlerDeadlineMs: number;
  deadLetters: DeadLetterSink;
}

/** A bus and a back door to its broker. */
export interface BusUnderTest {
  bus: MessageBus;
  /** Puts a text into a queue as it is, as no publisher of ours would. */
  inject(queue: string, text: string): Promise<void>;
}

export interface BrokerUnderTest {
  open(options: BusOptions): Promise<BusUnderTest>;
  /** A process that consumes `suiteCommand(queue)`, for brokers that outlive one. It dies when a body tells it to. */
  startConsumer?(queue: string, parallel: number): Promise<ConsumerProcess>;
  /** A process that takes the dead letters of a queue and never gets them kept, for brokers that outlive one. */
  startWatcher?(queue: string): Promise<ConsumerProcess>;
}

export interface BrokerTraits {
  outlivesProcesses: boolean;
  /** The broker itself takes a message whose id still waits for the same message. */
  dropsDuplicates: boolean;
}

class RecordedDeadLetters extends DeadLetterSink {
  readonly letters: DeadLetter[] = [];

  async record(letter: DeadLetter): Promise<void> {
    this.letters.push(letter);
  }
}

/** Waits shortened from 5 s and 10 s; the proportions are the same. */
const quickRetries: RetryPolicy = { waitsMs: [250, 500], jitter: 0.2 };

/** What every MessageBus must do, whatever broker is behind it. */
export function messageBusSuite(name: string, getBroker: () => BrokerUnderTest, { outlivesProcesses, dropsDuplicates }: BrokerTraits): void {
  describe(`message bus: ${name}`, () => {
    const open: MessageBus[] = [];
    const processes: ConsumerProcess[] = [];

    async function start(changes: Partial<BusOptions> = {}) {
      const deadLetters = new RecordedDeadLetters();
      const message = suiteCommand(`Suite-${randomUUID()}`);
      const under = await getBroker().open({ retries: quickRetries, handlerDeadlineMs: 5_000, deadLetters, ...changes });
      open.push(under.bus);
      const reopen = async () => {
        const { bus } = await getBroker().open({ retries: quickRetries, handlerDeadlineMs: 5_000, deadLetters });
        open.push(bus);
        return bus;
      };
      return { ...under, message, queue: message.queue, letters: deadLetters.letters, reopen };
    }

    afterEach(async () => {
      processes.splice(0).forEach((consumer) => consumer.kill());
      await Promise.all(open.splice(0).map((bus) => bus.close(2_000)));
    });

    describe('delivery', () => {
      it('hands over the body, the id, the date and the first attempt', async () => {
        const { bus, message } = await start();
        const received: Envelope<SuiteBody>[] = [];
        await bus.subscribe(message, async (_, envelope) => (received.push(envelope), done()), { parallel: 1 });
        const messageId = newId();
        await bus.publish(message, { n: 7 }, { messageId });
        await vi.waitFor(() => expect(received).toHaveLength(1));
        expect(received[0]).toMatchObject({ messageId, name: 'suite.work.v1', attempt: 1, body: { n: 7 } });
        expect(Math.abs(Date.now() - Date.parse(received[0]!.sentAt))).toBeLessThan(10_000);
      });

      it('keeps what was published before anybody consumed', async () => {
        const { bus, message } = await start();
        await bus.publish(message, { n: 1 });
        const received: number[] = [];
        await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
        await vi.waitFor(() => expect(received).toEqual([1]));
      });

      it('delivers each of many messages once', async () => {
        const { bus, message, queue } = await start();
        const received: number[] = [];
        await bus.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 4 });
        const numbers = Array.from({ length: 60 }, (_, n) => n);
        await Promise.all(numbers.map((n) => bus.publish(message, { n })));
        await vi.waitFor(() => expect(received).toHaveLength(60), 5_000);
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true));
        expect(received.sort((a, b) => a - b)).toEqual(numbers);
      });

      it.each([
        ['NUL', 'a\u0000b'],
        ['half a surrogate pair', 'a\ud83db'],
        ['emoji and combining marks', '🪙 coleção e\u0301'],
        ['quotes and SQL', `'"\\; drop table job; --`],
        ['100,000 characters', 'x'.repeat(100_000)],
      ])('carries %s unharmed', async (_, text) => {
        const { bus, message } = await start();
        const received: (string | undefined)[] = [];
        await bus.subscribe(message, async (body) => (received.push(body.text), done()), { parallel: 1 });
        await bus.publish(message, { n: 1, text });
        await vi.waitFor(() => expect(received).toEqual([text]), 3_000);
      });

      it('acknowledges a message whose work was not needed any more', async () => {
        const { bus, message, queue, letters } = await start();
        let calls = 0;
        await bus.subscribe(message, async () => (calls++, skipped('the photo was deleted meanwhile')), { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(calls).toBe(1));
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true));
        expect(letters).toEqual([]);
      });

      it('works on as many at once as asked for, and never on more', async () => {
        const { bus, message } = await start();
        let running = 0;
        let most = 0;
        let handled = 0;
        const handler = async () => {
          most = Math.max(most, ++running);
          await sleep(30);
          running--;
          handled++;
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 3 });
        await Promise.all(Array.from({ length: 15 }, (_, n) => bus.publish(message, { n })));
        await vi.waitFor(() => expect(handled).toBe(15), 5_000);
        expect(most).toBe(3);
      });

      it('goes on with the publisher\'s trace', async () => {
        const { bus, message } = await start();
        const traceIds: (string | undefined)[] = [];
        await bus.subscribe(message, async () => (traceIds.push(currentTrace()?.traceId), done()), { parallel: 1 });
        await bus.publish(message, { n: 1 }, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
        await vi.waitFor(() => expect(traceIds).toEqual(['0af7651916cd43dd8448eb211c80319c']));
        await inTrace('00-11111111111111111111111111111111-b7ad6b7169203331-01', () => bus.publish(message, { n: 2 }));
        await vi.waitFor(() => expect(traceIds[1]).toBe('11111111111111111111111111111111'));
      });
    });

    describe('publishing', () => {
      it.each([
        ['a body that breaks the schema', { n: 'one' }, undefined],
        ['no body', undefined, undefined],
        ['a body that is too large', { n: 1, text: 'x'.repeat(2_000_000) }, undefined],
        ['an id that is no UUID', { n: 1 }, 'message 1'],
      ])('refuses %s', async (_, body, messageId) => {
        const { bus, message, queue } = await start();
        await expect(bus.publish(message, body as SuiteBody, { messageId })).rejects.toThrow(InvalidInputError);
        expect((await bus.depth(queue)).waiting).toBe(0);
      });

      it.runIf(dropsDuplicates)('takes the same id as the same message while the first still waits', async () => {
        const { bus, message, queue } = await start();
        const messageId = newId();
        await bus.publish(message, { n: 1 }, { messageId });
        await bus.publish(message, { n: 1 }, { messageId });
        await bus.publish(message, { n: 2 });
        expect((await bus.depth(queue)).waiting).toBe(2);
      });

      it('takes an id again once the first is done', async () => {
        const { bus, message, queue } = await start();
        const messageId = newId();
        let calls = 0;
        await bus.subscribe(message, async () => (calls++, done()), { parallel: 1 });
        for (const expected of [1, 2]) {
          await bus.publish(message, { n: 1 }, { messageId });
          await vi.waitFor(() => expect(calls).toBe(expected));
          await vi.waitFor(async () => expect((await bus.depth(queue)).running).toBe(0));
        }
      });

      it('refuses a second handler for a queue in one process', async () => {
        const { bus, message, queue } = await start();
        await bus.subscribe(message, async () => done(), { parallel: 1 });
        await expect(bus.subscribe(message, async () => done(), { parallel: 1 })).rejects.toThrow(queue);
      });
    });

    describe('failures', () => {
      it('tries twice more after temporary failures, each wait longer', async () => {
        const { bus, message, letters, queue } = await start();
        const calls: { attempt: number; at: number }[] = [];
        const handler = async (_: SuiteBody, { attempt }: Envelope) => {
          calls.push({ attempt, at: performance.now() });
          if (attempt < 3) {
            throw new TemporaryError('the object store is away');
          }
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(calls).toHaveLength(3), 3_000);
        expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
        expectWithin(calls[1]!.at - calls[0]!.at, 200, 300 + 200);
        expectWithin(calls[2]!.at - calls[1]!.at, 400, 600 + 200);
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true));
        expect(letters).toEqual([]);
      });

      it('gives up after three, once, with the story of all', async () => {
        const { bus, message, queue, letters } = await start();
        let calls = 0;
        await bus.subscribe(message, async () => Promise.reject(new TemporaryError(`failure ${++calls}`, { cause: new Error('ECONNRESET') })), { parallel: 1 });
        await bus.publish(message, { n: 5 });
        await vi.waitFor(() => expect(letters).toHaveLength(1), 3_000);
        expect(letters[0]).toMatchObject({ queue, cause: 'attempts used up', attempt: 3, envelope: { name: 'suite.work.v1', body: { n: 5 } } });
        expect(letters[0]!.history.map(({ attempt, error }) => [attempt, error])).toEqual([
          [1, 'TemporaryError: failure 1; caused by Error: ECONNRESET'],
          [2, 'TemporaryError: failure 2; caused by Error: ECONNRESET'],
          [3, 'TemporaryError: failure 3; caused by Error: ECONNRESET'],
        ]);
        await sleep(700);
        expect(calls).toBe(3);
        expect(letters).toHaveLength(1);
        expect(isIdle(await bus.depth(queue), 1)).toBe(true);
      });

      it('gives up none of many messages while what they all need is away, and goes on soon after it is back', async () => {
        const { bus, message, letters, queue } = await start();
        const [count, awayMs] = [40, 2_500];
        const handled = new Set<number>();
        let [isAway, failures] = [true, 0];
        await bus.subscribe(
          message,
          async ({ n }: SuiteBody) => {
            if (isAway) {
              failures++;
              throw new TemporaryError('the database is away');
            }
            handled.add(n);
            return done();
          },
          { parallel: 4 },
        );
        await Promise.all(Array.from({ length: count }, (_, n) => bus.publish(message, { n })));
        await sleep(awayMs);
        isAway = false;
        await vi.waitFor(() => expect(handled.size).toBe(count), 3_000);
        expect(letters).toEqual([]);
        expect(failures).toBeLessThan(count);
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true));
      });

      it('lets others pass while one waits for its next attempt', async () => {
        const { bus, message } = await start();
        const handled: number[] = [];
        const handler = async ({ n }: SuiteBody, { attempt }: Envelope) => {
          if (n === 0 && attempt === 1) {
            throw new TemporaryError('once');
          }
          handled.push(n);
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.publish(message, { n: 0 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(handled).toEqual([1, 0]), 2_000);
      });

      it.each([
        ['PermanentError', new PermanentError('there is no such photo'), 'refused', 'PermanentError: there is no such photo'],
        ['AccessDeniedError', new AccessDeniedError('the store says 403'), 'access denied', 'AccessDeniedError: the store says 403'],
        ['any error', new TypeError('x is not a function'), 'refused', 'TypeError: x is not a function'],
        ['a text', 'a text', 'refused', 'a text'],
        ['undefined', undefined, 'refused', 'undefined'],
      ])('gives up at once after %s', async (_, thrown: unknown, cause, reason) => {
        const { bus, message, letters } = await start();
        let calls = 0;
        const handler = async () => {
          calls++;
          throw thrown;
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(letters).toHaveLength(1));
        expect(letters[0]).toMatchObject({ cause, reason, attempt: 1 });
        expect(calls).toBe(1);
      });

      it('takes a handler that hangs for a temporary failure', async () => {
        const { bus, message, letters } = await start({ handlerDeadlineMs: 100 });
        const attempts: number[] = [];
        await bus.subscribe(message, (_, { attempt }) => (attempts.push(attempt), attempt < 2 ? new Promise(() => undefined) : Promise.resolve(done())), { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(attempts).toEqual([1, 2]), 3_000);
        expect(letters).toEqual([]);
      });

      it('gives up on what can not be read, at once and with the reason, and harms no neighbour', async () => {
        const { bus, message, queue, letters, inject } = await start();
        const handled: number[] = [];
        await bus.subscribe(message, async ({ n }) => (handled.push(n), done()), { parallel: 4 });
        const poison = poisonFor(message.name);
        for (const [index, [, text]] of poison.entries()) {
          await bus.publish(message, { n: index });
          await inject(queue, text);
        }
        await vi.waitFor(() => expect(letters).toHaveLength(poison.length), 20_000);
        await vi.waitFor(() => expect(handled).toHaveLength(poison.length), 5_000);
        expect(handled.sort((a, b) => a - b)).toEqual([...poison.keys()]);
        for (const [what, text, cause] of poison) {
          expect(letters.find((letter) => letter.text === text), what).toMatchObject({ cause, attempt: 1 });
        }
        expect(({} as { n?: unknown }).n).toBeUndefined();
        expect(isIdle(await bus.depth(queue), poison.length)).toBe(true);
      });

      it('goes on when the dead letter can not be recorded', async () => {
        const { bus, message, queue } = await start({ deadLetters: { record: () => Promise.reject(new Error('no table')) } });
        let handled = 0;
        const handler = async ({ n }: SuiteBody) => {
          if (n === 0) {
            throw new PermanentError('no');
          }
          handled++;
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.publish(message, { n: 0 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(handled).toBe(1));
        expect((await bus.depth(queue)).dead).toBe(1);
      });
    });

    describe('watching and closing', () => {
      it('makes a round trip', async () => {
        const { bus } = await start();
        await bus.roundTrip(2_000);
        await Promise.all([bus.roundTrip(2_000), bus.roundTrip(2_000)]);
      });

      it('makes no round trip after it was closed', async () => {
        const { bus } = await start();
        open.splice(open.indexOf(bus), 1);
        await bus.close(1_000);
        await expect(bus.roundTrip(500)).rejects.toThrow(TemporaryError);
      });

      it('knows what waits, runs and is dead', async () => {
        const { bus, message, queue } = await start();
        expect(isIdle(await bus.depth(queue))).toBe(true);
        let finish!: () => void;
        const finished = new Promise<void>((resolve) => (finish = resolve));
        const handler = async ({ n }: SuiteBody) => {
          if (n === 0) {
            throw new PermanentError('no');
          }
          await finished;
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        for (const n of [0, 1, 2, 3]) {
          await bus.publish(message, { n });
        }
        await vi.waitFor(async () => expect(await bus.depth(queue)).toEqual({ waiting: 2, running: 1, dead: 1 }), 3_000);
        finish();
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue), 1)).toBe(true), 3_000);
      });

      it('finishes what runs before it closes, and begins nothing more', async () => {
        const { bus, message } = await start();
        const events: string[] = [];
        const handler = async ({ n }: SuiteBody) => {
          events.push(`begin ${n}`);
          await sleep(150);
          events.push(`end ${n}`);
          return done();
        };
        await bus.subscribe(message, handler, { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(events).toEqual(['begin 1']));
        await bus.publish(message, { n: 2 });
        open.splice(open.indexOf(bus), 1);
        await bus.close(5_000);
        expect(events).toEqual(['begin 1', 'end 1']);
        await sleep(300);
        expect(events).toHaveLength(2);
      });

      it('does not wait for ever when it closes', async () => {
        const { bus, message } = await start();
        let begun = false;
        await bus.subscribe(message, () => ((begun = true), new Promise(() => undefined)), { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(begun).toBe(true));
        open.splice(open.indexOf(bus), 1);
        const startedAt = performance.now();
        await bus.close(200);
        expectWithin(performance.now() - startedAt, 150, 1_500);
      });
    });

    describe.runIf(outlivesProcesses)('several processes', () => {
      it('keeps messages while nobody is connected', async () => {
        const { bus, message, reopen } = await start();
        await bus.publish(message, { n: 1 });
        open.splice(open.indexOf(bus), 1);
        await bus.close(1_000);
        const second = await reopen();
        const received: number[] = [];
        await second.subscribe(message, async ({ n }) => (received.push(n), done()), { parallel: 1 });
        await vi.waitFor(() => expect(received).toEqual([1]), 3_000);
      });

      it('hands what it could not finish in time to the next one, as if it had not begun', async () => {
        const { bus, message, reopen } = await start();
        let begun = false;
        await bus.subscribe(message, () => ((begun = true), new Promise(() => undefined)), { parallel: 1 });
        await bus.publish(message, { n: 1 });
        await vi.waitFor(() => expect(begun).toBe(true));
        open.splice(open.indexOf(bus), 1);
        await bus.close(50);
        const second = await reopen();
        const attempts: number[] = [];
        await second.subscribe(message, async (_, { attempt }) => (attempts.push(attempt), done()), { parallel: 1 });
        await vi.waitFor(() => expect(attempts).toEqual([1]), 3_000);
      });

      it('shares a queue between two, each message to one', async () => {
        const { bus, message, reopen, queue } = await start();
        const second = await reopen();
        const received: [string, number][] = [];
        const handlerOf = (who: string) => async ({ n }: SuiteBody) => {
          received.push([who, n]);
          await sleep(10);
          return done();
        };
        await bus.subscribe(message, handlerOf('first'), { parallel: 2 });
        await second.subscribe(message, handlerOf('second'), { parallel: 2 });
        await Promise.all(Array.from({ length: 60 }, (_, n) => bus.publish(message, { n })));
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true), 10_000);
        expect(received.map(([, n]) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n));
        expect(new Set(received.map(([who]) => who))).toEqual(new Set(['first', 'second']));
      });

      it('delivers again what a process had in hand when it was killed', async () => {
        const { bus, message, queue } = await start();
        const consume = async () => track(await getBroker().startConsumer!(queue, 2));
        const first = await consume();
        await bus.publish(message, { n: 1, does: 'hang' });
        await vi.waitFor(() => expect(first.begun).toEqual([{ n: 1, attempt: 1 }]), 5_000);
        first.kill();
        await first.ended;
        const second = await consume();
        await vi.waitFor(() => expect(second.begun).toEqual([{ n: 1, attempt: 2 }]), 8_000);
      });

      it('convicts the message that kills its worker, and no other that ran beside it', async () => {
        const { bus, message, queue } = await start();
        for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
          await bus.publish(message, { n, does: n === 4 ? 'die' : 'work' });
        }
        const lives: ConsumerProcess[] = [];
        const finishedBy = () => [...new Set(lives.flatMap((life) => life.finished))].sort((a, b) => a - b);
        const isOver = async () => finishedBy().length === 9 && isIdle(await bus.depth(queue), 1);
        const startedAt = performance.now();
        while (!(await isOver()) && lives.length < 8) {
          const life = track(await getBroker().startConsumer!(queue, 10));
          lives.push(life);
          await Promise.race([life.ended, vi.waitUntil(isOver, { timeout: 15_000, interval: 50 })]);
        }
        expect(performance.now() - startedAt).toBeLessThan(20_000);
        expect(finishedBy()).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
        await vi.waitFor(() => expect(lives.flatMap((life) => life.deadLetters)).toMatchObject([{ cause: 'crashed the worker', attempt: 3, envelope: { body: { n: 4 } } }]));
        expect(lives).toHaveLength(4);
      }, 60_000);
    });

    describe('watching dead letters', () => {
      /** Makes a dead letter of each number, in this order. */
      async function bury({ bus, message, queue }: Pick<Started, 'bus' | 'message' | 'queue'>, numbers: number[]) {
        const { dead } = await bus.depth(queue);
        for (const [index, n] of numbers.entries()) {
          await bus.publish(message, { n });
          await vi.waitFor(async () => expect((await bus.depth(queue)).dead).toBe(dead + index + 1), 3_000);
        }
      }
      const startRefusing = async (changes?: Partial<BusOptions>) => {
        const started = await start(changes);
        await started.bus.subscribe(started.message, () => Promise.reject(new PermanentError('no')), { parallel: 1 });
        return started;
      };
      const numberIn = ({ envelope }: DeadLetter) => (envelope?.body as SuiteBody | undefined)?.n;

      it('hands over those that lay there before, then each that comes, one at a time and oldest first', async () => {
        const started = await startRefusing();
        const { bus, message, queue } = started;
        await bury(started, [1, 2, 3]);
        const events: string[] = [];
        await bus.watchDeadLetters(queue, async (letter) => {
          events.push(`begin ${numberIn(letter)}`);
          await sleep(20);
          events.push(`end ${numberIn(letter)}`);
        });
        await vi.waitFor(() => expect(events).toHaveLength(6), 5_000);
        await bus.publish(message, { n: 4 });
        await vi.waitFor(() => expect(events).toHaveLength(8), 5_000);
        expect(events).toEqual([1, 2, 3, 4].flatMap((n) => [`begin ${n}`, `end ${n}`]));
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true), 3_000);
      });

      it('tells the whole story of a letter', async () => {
        const { bus, message, queue } = await start({ retries: { waitsMs: [10], jitter: 0 } });
        const kept: DeadLetter[] = [];
        const messageId = newId();
        const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
        await bus.watchDeadLetters(queue, async (letter) => void kept.push(letter));
        await bus.subscribe(message, () => Promise.reject(new TemporaryError('away')), { parallel: 1 });
        await bus.publish(message, { n: 7, text: 'ção 🪙' }, { messageId, traceparent });
        await vi.waitFor(() => expect(kept).toHaveLength(1), 5_000);
        expect(kept[0]).toMatchObject({
          letterId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          queue,
          cause: 'attempts used up',
          reason: 'TemporaryError: away',
          attempt: 2,
          history: [{ attempt: 1, error: 'TemporaryError: away' }, { attempt: 2, error: 'TemporaryError: away' }],
          envelope: { messageId, name: message.name, traceparent, body: { n: 7, text: 'ção 🪙' } },
        });
        expect(JSON.parse(kept[0]!.text)).toMatchObject({ messageId, body: { n: 7 } });
      });

      it('brings a letter again, as the same, until it is kept', async () => {
        const started = await startRefusing();
        const { bus, queue } = started;
        await bury(started, [1]);
        const letterIds: string[] = [];
        const at: number[] = [];
        await bus.watchDeadLetters(queue, async ({ letterId }) => {
          letterIds.push(letterId);
          at.push(performance.now());
          if (letterIds.length < 3) {
            throw new TemporaryError('the database is away');
          }
        });
        await vi.waitFor(() => expect(letterIds).toHaveLength(3), 15_000);
        expect(new Set(letterIds).size).toBe(1);
        expect(at[1]! - at[0]!).toBeGreaterThan(50);
        await vi.waitFor(async () => expect((await bus.depth(queue)).dead).toBe(0), 3_000);
        await sleep(300);
        expect(letterIds).toHaveLength(3);
      });

      it('does not let a letter that nobody can keep stop the others', async () => {
        const started = await startRefusing();
        const { bus, queue } = started;
        await bury(started, [1, 2, 3]);
        const kept: (number | undefined)[] = [];
        await bus.watchDeadLetters(queue, async (letter) => {
          if (numberIn(letter) === 1) {
            throw new Error('no column for it');
          }
          kept.push(numberIn(letter));
        });
        await vi.waitFor(() => expect(kept).toEqual([2, 3]), 10_000);
        expect((await bus.depth(queue)).dead).toBe(1);
      });

      it('hands over what could not be read, as it came', async () => {
        const { bus, message, queue, inject } = await start();
        await bus.subscribe(message, async () => done(), { parallel: 4 });
        const kept: DeadLetter[] = [];
        await bus.watchDeadLetters(queue, async (letter) => void kept.push(letter));
        const poison = poisonFor(message.name);
        for (const [, text] of poison) {
          await inject(queue, text);
        }
        await vi.waitFor(() => expect(kept).toHaveLength(poison.length), 20_000);
        for (const [what, text, cause] of poison) {
          expect(kept.find((letter) => letter.text === text), what).toMatchObject({ cause, attempt: 1, queue });
        }
        expect(new Set(kept.map(({ letterId }) => letterId)).size).toBe(poison.length);
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true), 3_000);
      });

      it('has no letter for a queue where nothing failed, and minds only its own queue', async () => {
        const first = await startRefusing();
        const second = await start();
        const kept: DeadLetter[] = [];
        await second.bus.watchDeadLetters(second.queue, async (letter) => void kept.push(letter));
        await bury(first, [1]);
        await sleep(300);
        expect(kept).toEqual([]);
      });

      it('refuses a second watcher for a queue in one process', async () => {
        const { bus, queue } = await start();
        await bus.watchDeadLetters(queue, async () => {});
        await expect(bus.watchDeadLetters(queue, async () => {})).rejects.toThrow(queue);
      });

      it('finishes the letter in hand before it closes, and begins no other', async () => {
        const started = await startRefusing();
        const { bus, queue } = started;
        await bury(started, [1, 2]);
        const events: string[] = [];
        await bus.watchDeadLetters(queue, async (letter) => {
          events.push(`begin ${numberIn(letter)}`);
          await sleep(200);
          events.push(`end ${numberIn(letter)}`);
        });
        await vi.waitFor(() => expect(events).toEqual(['begin 1']), 3_000);
        open.splice(open.indexOf(bus), 1);
        await bus.close(5_000);
        expect(events).toEqual(['begin 1', 'end 1']);
      });

      it.runIf(outlivesProcesses)('keeps letters for a watcher who comes later', async () => {
        const started = await startRefusing();
        const { bus, queue, reopen } = started;
        await bury(started, [1]);
        open.splice(open.indexOf(bus), 1);
        await bus.close(1_000);
        const second = await reopen();
        const kept: (number | undefined)[] = [];
        await second.watchDeadLetters(queue, async (letter) => void kept.push(numberIn(letter)));
        await vi.waitFor(() => expect(kept).toEqual([1]), 5_000);
      });

      it.runIf(outlivesProcesses)('shares the letters between two watchers, each to one', async () => {
        const started = await startRefusing();
        const { bus, queue, reopen } = started;
        const numbers = Array.from({ length: 20 }, (_, n) => n);
        await bury(started, numbers);
        const second = await reopen();
        const kept: [string, number | undefined][] = [];
        const keeperOf = (who: string) => async (letter: DeadLetter) => {
          kept.push([who, numberIn(letter)]);
          await sleep(30);
        };
        await Promise.all([bus.watchDeadLetters(queue, keeperOf('first')), second.watchDeadLetters(queue, keeperOf('second'))]);
        await vi.waitFor(() => expect(kept).toHaveLength(numbers.length), 15_000);
        await vi.waitFor(async () => expect(isIdle(await bus.depth(queue))).toBe(true), 5_000);
        expect(kept.map(([, n]) => n).sort((a, b) => a! - b!)).toEqual(numbers);
        expect(new Set(kept.map(([who]) => who))).toEqual(new Set(['first', 'second']));
      }, 30_000);

      it.runIf(outlivesProcesses)('gives the letter of a watcher that was killed to the next, as the same', async () => {
        const started = await startRefusing();
        const { bus, queue } = started;
        await bury(started, [1]);
        const watcher = track(await getBroker().startWatcher!(queue));
        await vi.waitFor(() => expect(watcher.deadLetters).toHaveLength(1), 5_000);
        watcher.kill();
        await watcher.ended;
        await vi.waitFor(async () => expect((await bus.depth(queue)).dead).toBe(1));
        const kept: DeadLetter[] = [];
        await bus.watchDeadLetters(queue, async (letter) => void kept.push(letter));
        await vi.waitFor(() => expect(kept).toEqual(watcher.deadLetters), 20_000);
      });
    });

    type Started = Awaited<ReturnType<typeof start>>;

    function track(consumer: ConsumerProcess): ConsumerProcess {
      processes.push(consumer);
      return consumer;
    }
  });
}

/** Nothing waits or runs, and `dead` letters lie there. A broker that can't tell what others run is believed. */
export function isIdle({ waiting, running = 0, dead }: QueueDepth, expectedDead = 0): boolean {
  return waiting === 0 && running === 0 && dead === expectedDead;
}

function expectWithin(value: number, least: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
}
