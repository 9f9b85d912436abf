import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorCode } from '@repo/kernel';
import { z } from 'zod';
import { InvalidRequestError, TooManyRequestsError } from './http-errors.js';
import { httpStatus } from './http-status.js';

/** The body of every answer that is no success. */
export const errorBody = z
  .object({
    code: z.string().meta({ examples: ['INVALID_INPUT'] }),
    message: z.string().meta({ examples: ['nome: must have 1 to 200 characters'] }),
    details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Error' });

export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: z.infer<typeof errorBody>;
}

/** Codes whose own message tells of the inside; callers get these words instead. */
const publicWords: Partial<Record<ErrorCode, string>> = {
  TEMPORARILY_UNAVAILABLE: 'A part of the platform does not answer just now: try again in a moment',
  INTERNAL: 'Something went wrong on our side; the log says what',
};

/** For errors of Nest and Express, which know a status and no code. */
const codeByStatus: Record<number, ErrorCode> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'ROUTE_NOT_FOUND',
  405: 'ROUTE_NOT_FOUND',
  408: 'BODY_TOO_SLOW',
  413: 'BODY_TOO_LARGE',
  415: 'CONTENT_TYPE_UNSUPPORTED',
  429: 'TOO_MANY_REQUESTS',
  503: 'TEMPORARILY_UNAVAILABLE',
};

/** Seconds after which the same request may succeed. */
const retryAfterS: Partial<Record<ErrorCode, number>> = {
  TEMPORARILY_UNAVAILABLE: 5,
  CLASSIFIER_UNAVAILABLE: 5,
  CLASSIFIER_BUSY: 1,
  IDEMPOTENCY_IN_PROGRESS: 1,
};

/** What the caller is told of an error. Anything that is not meant for callers becomes `INTERNAL`. */
export function answerError(error: unknown): ErrorAnswer {
  const code = codeOf(error);
  const status = httpStatus[code];
  const headers: Record<string, string> = {};
  const wait = error instanceof TooManyRequestsError ? error.retryAfterS : retryAfterS[code];
  if (wait !== undefined) {
    headers['Retry-After'] = String(wait);
  }
  if (code === 'UNAUTHENTICATED') {
    headers['WWW-Authenticate'] = 'Bearer';
  }
  if (code === 'BODY_TOO_SLOW') {
    headers['Connection'] = 'close';
  }
  const details = error instanceof InvalidRequestError ? [...error.details] : undefined;
  const message = publicWords[code] ?? (error as Error).message;
  return { status, headers, body: { code, message, ...(details && { details }) } };
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof DomainError) {
    return error.code;
  }
  // Body parsers throw errors with `status` and, when their message may be shown, `expose`.
  const { status, expose } = Object(error) as { status?: number; expose?: boolean };
  const clientStatus = error instanceof HttpException ? error.getStatus() : expose ? status : undefined;
  if (clientStatus === undefined || (clientStatus >= 500 && clientStatus !== 503)) {
    return 'INTERNAL';
  }
  return codeByStatus[clientStatus] ?? 'INVALID_INPUT';
}
