import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'supertest';

/** One answer, as a caller saw it. */
export interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What became of requests, in the order of their answers. */
export class AnswerLog {
  readonly answers: Answered[] = [];

  /** Sends one request and notes its answer. */
  async note(send: () => PromiseLike<Response>): Promise<Response> {
    const startedAt = performance.now();
    const response = await send();
    this.answers.push({ status: response.status, retryAfter: response.headers['retry-after'] as string | undefined, startedAt, endedAt: performance.now() });
    return response;
  }

  get failures(): Answered[] {
    return this.answers.filter(({ status }) => status >= 500);
  }

  /** Milliseconds below which `share` of the answers took. */
  quantile(share: number, since = -Infinity, until = Infinity): number {
    const times = this.answers.filter(({ startedAt }) => startedAt >= since && startedAt < until).map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
    return times[Math.ceil(times.length * share) - 1] ?? NaN;
  }
}

/** A machine that can't keep up is spared more. */
const MOST_AT_ONCE = 40;

/** Calls `send` so many times each second, however long each takes, until `isOver`. Resolves when all are answered. */
export async function sendEvenly(perSecond: number, isOver: () => boolean, send: (number: number) => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  const sent = new Set<Promise<unknown>>();
  for (let number = 0; !isOver(); number += 1) {
    if (sent.size < MOST_AT_ONCE) {
      const one = send(number).finally(() => sent.delete(one));
      sent.add(one);
    }
    await sleep(Math.max(0, startedAt + ((number + 1) * 1_000) / perSecond - performance.now()));
  }
  await Promise.all(sent);
}
