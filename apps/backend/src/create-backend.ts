import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { prepareHttp, serveOpenApi } from '@repo/http';
import { ensureLocalAdministrator, UserRepository } from '@repo/identity-domain';
import { metricsPath } from '@repo/observability';
import type { BackendConfig } from './backend-config.js';
import { BackendModule } from './backend.module.js';

const apiDescription =
  'Keeps a collection and recognises its items. Sign in first; every error is `{ code, message }`. ' +
  'How well it recognises depends on the backbone: `GET /api/Models/backbone` says which is in use, and how to get a better one.';

/** The whole backend, not listening yet. Throws TemporaryError when a part it needs can't be reached. */
export async function createBackend(config: BackendConfig, logger: LoggerService | false): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(await BackendModule.forRoot(config), {
    logger,
    bodyParser: false,
    abortOnError: false,
  });
  app.setGlobalPrefix('api', { exclude: ['/', metricsPath] });
  prepareHttp(app, { corsOrigins: config.OC_CORS_ORIGINS.split(',').map((origin) => origin.trim()).filter(Boolean) });
  serveOpenApi(app, 'api/docs', apiDescription);
  if (config.OC_AUTH_EMAIL && config.OC_AUTH_PASSWORD) {
    await ensureLocalAdministrator(app.get(UserRepository), { email: config.OC_AUTH_EMAIL, password: config.OC_AUTH_PASSWORD });
  }
  return app;
}
