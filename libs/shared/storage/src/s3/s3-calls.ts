import { setTimeout as sleep } from 'node:timers/promises';
import { AccessDeniedError, TemporaryError } from '@repo/kernel';
import { counter } from '@repo/observability';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { RetryBudget } from './retry-budget.js';
import { faultOf, type S3Fault } from './s3-fault.js';

const requests = counter('object_store_requests_total', 'Requests to the object store, by what came of them', ['outcome']);

export interface S3CallsOptions {
  breaker: CircuitBreaker;
  budget: RetryBudget;
  /** Fetches the credentials afresh. */
  renewCredentials: () => Promise<void>;
  /** After this long the request's socket is destroyed. */
  timeoutMs: number;
  /** No request of a call is begun that could end later than this. */
  deadlineMs: number;
  /** Before the first repetition, on average half of it; doubled before each further one. */
  retryDelayMs: number;
}

/** Nobody waits longer than this between two requests of one call. */
const longestDelayMs = 2_000;

/** Makes requests of one S3 server, again where that may help, and says what became of them in the platform's words. */
export class S3Calls {
  constructor(private readonly options: S3CallsOptions) {}

  /**
   * The request's answer; undefined when it asked for an object that is not there. Throws TemporaryError for
   * what may succeed later, AccessDeniedError when fresh credentials are refused too, and a plain Error
   * for what never will.
   *
   * @param what for messages, e.g. `get original/item/1.jpg`
   * @param request made once for each attempt, all of it within its own deadline
   */
  async call<T>(what: string, request: () => Promise<T>): Promise<T | undefined> {
    const { breaker, budget, renewCredentials, timeoutMs, deadlineMs, retryDelayMs } = this.options;
    const lastStart = Date.now() + deadlineMs - timeoutMs;
    let hasRenewed = false;
    budget.earn();
    for (let attempt = 1; ; attempt++) {
      await breaker.pass();
      try {
        const answer = await request();
        note('done');
        breaker.succeeded();
        return answer;
      } catch (error) {
        const fault = faultOf(error);
        if (fault === undefined) {
          throw error;
        }
        note(fault);
        if (fault === 'down') {
          breaker.failed(error);
        } else {
          breaker.succeeded();
        }
        if (fault === 'missing') {
          return undefined;
        }
        if (fault === 'refused') {
          throw new Error(`The object store refuses to ${what}`, { cause: error });
        }
        if (fault === 'denied') {
          if (hasRenewed) {
            throw new AccessDeniedError(`The object store denies us to ${what}, with fresh credentials too`, { cause: error });
          }
          hasRenewed = true;
          await renewCredentials();
          continue;
        }
        const delayMs = Math.random() * Math.min(retryDelayMs * 2 ** (attempt - 1), longestDelayMs);
        if (Date.now() + delayMs > lastStart || !budget.spend()) {
          throw new TemporaryError(`The object store did not ${what}`, { cause: error });
        }
        await sleep(delayMs);
      }
    }
  }
}

function note(outcome: S3Fault | 'done'): void {
  requests.inc({ outcome });
}
