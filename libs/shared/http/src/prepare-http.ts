import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { watchJsonPace } from './body-pace.js';
import { observeRequests } from './observe-requests.js';

export interface HttpServerOptions {
  /** Web pages that may call, e.g. `https://example.org`. */
  corsOrigins: readonly string[];
}

/** Enough for every JSON body there is; photos come in forms. */
const JSON_LIMIT = '100kb';
/** From the first byte of a request to its last: ten full photos on a slow line. */
const REQUEST_TIMEOUT_MS = 300_000;
const HEADERS_TIMEOUT_MS = 10_000;

/** Traces, security headers, cross-origin rules and limits of an app that was made with `bodyParser: false`; before it listens. */
export function prepareHttp(app: NestExpressApplication, { corsOrigins }: HttpServerOptions): void {
  app.use(observeRequests);
  app.use(
    helmet({
      // The platform runs on plain HTTP at home; a proxy that adds TLS adds these two.
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
      strictTransportSecurity: false,
    }),
  );
  app.disable('x-powered-by');
  // Answers are their caller's alone; Express adds an ETag and answers 304 to who has them already.
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'private, no-cache');
    next();
  });
  app.use(watchJsonPace);
  app.useBodyParser('json', { limit: JSON_LIMIT });
  app.enableCors({
    origin: [...corsOrigins],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match'],
    exposedHeaders: ['Link', 'X-Total-Count', 'ETag', 'Retry-After', 'Idempotency-Replayed', 'Location'],
    maxAge: 600,
  });
  const server = app.getHttpServer();
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
}
