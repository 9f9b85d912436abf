import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ErrorReporter, LogErrorReporter } from './error-reporter.js';

export interface ErrorReportingOptions {
  /** Where errors are reported in Sentry's protocol; undefined for the log alone. */
  dsn: string | undefined;
  /** Which service reports, e.g. `backend`. */
  service: string;
}

/** Gives every module the ErrorReporter. The driver is loaded only when it is asked for. */
@Global()
@Module({})
export class ErrorReporting {
  static forRoot({ dsn, service }: ErrorReportingOptions): DynamicModule {
    const useFactory = async () => {
      if (dsn === undefined) {
        return new LogErrorReporter();
      }
      const { SentryErrorReporter } = await import('./sentry/index.js');
      return new SentryErrorReporter({ dsn, service });
    };
    return { module: ErrorReporting, providers: [{ provide: ErrorReporter, useFactory }], exports: [ErrorReporter] };
  }
}
