import type { NextFunction, Request, Response } from 'express';
import { answerError } from './error-answer.js';
import { BodyTooSlowError } from './http-errors.js';

const WINDOW_MS = 15_000;
/** What a sender must bring in each window, or leave its place to others. */
const MIN_BYTES = 10_000;

/** Calls `onSlow` with a BodyTooSlowError when the body all but stops coming. The answer ends the watch. */
export function watchPace(request: Pick<Request, 'socket' | 'complete'>, onSlow: (error: BodyTooSlowError) => void): () => void {
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    const received = request.socket.bytesRead - seen;
    seen = request.socket.bytesRead;
    if (received < MIN_BYTES && !request.complete) {
      clearInterval(timer);
      onSlow(new BodyTooSlowError());
    }
  }, WINDOW_MS).unref();
  return () => clearInterval(timer);
}

/** For JSON bodies, before the parser that collects them; forms are watched while they are read. */
export function watchJsonPace(request: Request, response: Response, next: NextFunction): void {
  if (request.is('json')) {
    const stopWatching = watchPace(request, (error) => {
      const { status, headers, body } = answerError(error);
      response.status(status).set(headers).json(body); // closes the connection, and so ends the parser's wait
    });
    response.once('close', stopWatching);
  }
  next();
}
