import { Injectable, Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it, vi } from 'vitest';
import { ErrorReporter, LogErrorReporter } from './error-reporter.js';
import { ErrorReporting } from './error-reporting.module.js';

Logger.overrideLogger(false);

const parts = vi.hoisted(() => ({ loaded: 0, opened: [] as unknown[], shutdowns: 0 }));
vi.mock('./sentry/index.js', () => {
  parts.loaded++;
  return {
    SentryErrorReporter: class {
      constructor(options: unknown) {
        parts.opened.push(options);
      }
      report(): void {}
      onApplicationShutdown(): void {
        parts.shutdowns++;
      }
    },
  };
});

@Injectable()
class Worker {
  constructor(readonly errors: ErrorReporter) {}
}

@Module({ providers: [Worker] })
class WorkModule {}

const appWith = async (dsn: string | undefined) => {
  const app = await Test.createTestingModule({ imports: [ErrorReporting.forRoot({ dsn, service: 'backend' }), WorkModule] }).compile();
  return app.init();
};

it('reports to the log alone when no server is named, and loads no driver for it', async () => {
  const app = await appWith(undefined);
  expect(app.get(Worker, { strict: false }).errors).toBeInstanceOf(LogErrorReporter);
  expect(parts.loaded).toBe(0);
  await app.close();
});

it('reports to the server that is named, and lets the last errors get there before the end', async () => {
  const app = await appWith('http://key@host/1');
  expect(parts.opened).toEqual([{ dsn: 'http://key@host/1', service: 'backend' }]);
  await app.close();
  expect(parts.shutdowns).toBe(1);
});
