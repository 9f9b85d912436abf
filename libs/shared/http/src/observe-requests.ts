import { histogram, inTrace } from '@repo/observability';
import type { NextFunction, Request, Response } from 'express';

const durations = histogram('http_request_duration_seconds', 'Time from a request to the end of its answer', ['method', 'route', 'status']);

/** Puts each request into its trace, its own or the caller's (`traceparent`), and measures it by route. */
export function observeRequests(request: Request, response: Response, next: NextFunction): void {
  const stop = durations.startTimer();
  response.once('close', () => {
    // The pattern, not the path: ids would make a series of their own each.
    const route = (request.route as { path?: string } | undefined)?.path ?? 'none';
    stop({ method: request.method, route, status: String(response.statusCode) });
  });
  inTrace(request.get('traceparent'), next);
}
