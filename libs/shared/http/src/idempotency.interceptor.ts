import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { applyDecorators, createParamDecorator, Injectable, Logger, UseInterceptors, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { newId } from '@repo/kernel';
import type { Response } from 'express';
import { catchError, mergeMap, of, type Observable } from 'rxjs';
import type { GuardedRequest } from './access.js';
import { answerError } from './error-answer.js';
import { IdempotencyStore, type IdempotencyClaim } from './idempotency.store.js';
import { Refuses } from './open-api.js';

/** After a failure of ours the database may be away; a claim that can't be released for a minute has ended by itself. */
const RELEASE_EVERY_MS = 1_000;
const RELEASE_ATTEMPTS = 60;

type RepeatableRequest = GuardedRequest & { idempotencyClaim?: IdempotencyClaim };

/** Honours `Idempotency-Key` on a route. Stands above `TakesPhotos`: decorators run from below, and the form must have been read. */
export const Repeatable = () =>
  applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Any text of your own: sent again with the same key, the request has one effect and one answer' }),
    Refuses('IDEMPOTENCY_IN_PROGRESS', 'IDEMPOTENCY_KEY_REUSED'),
  );

/**
 * However often a request with a key is sent, it has one effect and one answer.
 * Only successes are kept: a request that was refused had no effect and may be corrected.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger('http');

  constructor(private readonly store: IdempotencyStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<RepeatableRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    const key = request.get('Idempotency-Key');
    if (key === undefined || !request.user) {
      return next.handle();
    }
    const outcome = await this.store.begin(request.user.id, key, fingerprint(request));
    if (outcome.kind === 'answered') {
      response.status(outcome.answer.status).set('Idempotency-Replayed', 'true');
      return of(outcome.answer.response);
    }
    const { claim } = outcome;
    request.idempotencyClaim = claim;
    return next.handle().pipe(
      catchError((error: unknown) => this.giveBack(claim, error)),
      mergeMap(async (body: unknown) => {
        // When this fails the work is done all the same: a repeated request meets what it made, by the claim's id.
        await this.store.finish(claim, { status: response.statusCode, response: body }).catch((error: unknown) => {
          this.logger.warn({ msg: 'an answer could not be kept for its Idempotency-Key', err: error });
          void this.release(claim);
        });
        return body;
      }),
    );
  }

  /** Only a refusal is known to have had no effect; after a failure of ours the same request has to finish it. */
  private async giveBack(claim: IdempotencyClaim, error: unknown): Promise<never> {
    if (answerError(error).status < 500) {
      await this.store.forget(claim).catch(() => {}); // it expires by itself; the request's own error is the one to tell
    } else {
      void this.release(claim); // nobody waits for a database that is away
    }
    throw error;
  }

  private async release(claim: IdempotencyClaim): Promise<void> {
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt += 1) {
      const isReleased = await this.store.release(claim).then(() => true, () => false);
      if (isReleased) {
        return;
      }
      await wait(RELEASE_EVERY_MS, undefined, { ref: false });
    }
  }
}

/**
 * The id of what a request makes: the same each time the request is sent with one
 * Idempotency-Key, so that a request whose answer was lost with its process can't make it twice.
 */
export const OperationId = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  return context.switchToHttp().getRequest<RepeatableRequest>().idempotencyClaim?.id ?? newId();
});

function fingerprint(request: GuardedRequest): string {
  if (request.body === undefined && request.is('multipart/form-data')) {
    throw new Error('The form was not read yet: put Repeatable above TakesPhotos');
  }
  const hash = createHash('sha256').update(`${request.method} ${request.path}`);
  addContent(hash, request.body);
  return hash.digest('hex');
}

/** Each value with its type and length, so that no two contents read alike; the order of fields does not count. */
function addContent(hash: ReturnType<typeof createHash>, value: unknown): void {
  if (Buffer.isBuffer(value)) {
    hash.update(`file ${value.length}:`).update(value);
  } else if (Array.isArray(value)) {
    hash.update(`list ${value.length}:`);
    value.forEach((entry) => addContent(hash, entry));
  } else if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`fields ${fields.length}:`);
    fields.forEach(([name, entry]) => addContent(hash.update(`${name.length}:${name}`), entry));
  } else {
    const text = JSON.stringify(value) ?? 'nothing';
    hash.update(`value ${text.length}:${text}`);
  }
}
