import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { ErrorFilter } from './error.filter.js';
import { HttpSettings } from './http-settings.js';
import { RateLimit, RateLimitGuard } from './rate-limit.guard.js';
import { RequestSchemaPipe } from './request-schema.pipe.js';

/**
 * What stands before and behind every route of an app. Needs a Cache, a Clock and an ErrorReporter, and a
 * TokenVerifier where users call; all of them from global modules of the app.
 */
@Global()
@Module({})
export class HttpModule {
  static forRoot(settings: HttpSettings): DynamicModule {
    return {
      module: HttpModule,
      providers: [
        { provide: HttpSettings, useValue: new HttpSettings(settings) },
        RateLimit,
        // In this order: who is it, and may they again.
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: RateLimitGuard },
        { provide: APP_PIPE, useClass: RequestSchemaPipe },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
      exports: [HttpSettings, RateLimit],
    };
  }
}
