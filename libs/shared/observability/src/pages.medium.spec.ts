import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HealthModule } from './health.module.js';
import { metricsPath, MetricsModule } from './metrics.controller.js';

let app: NestExpressApplication;
let databaseAnswers = true;

@Module({
  imports: [
    HealthModule.forRoot({
      useFactory: () => [
        { name: 'database', check: () => (databaseAnswers ? Promise.resolve() : Promise.reject(new Error('connect postgres://app:secret@db failed'))) },
        { name: 'classifier', check: () => Promise.reject(new Error('away')), optional: true },
      ],
    }),
    MetricsModule,
  ],
})
class PagesApp {}

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [PagesApp] }).compile();
  app = module.createNestApplication<NestExpressApplication>();
  app.setGlobalPrefix('api', { exclude: [metricsPath] });
  await app.init();
});
afterAll(() => app.close());

it('serves metrics beside the prefix, for Prometheus', async () => {
  const answer = await request(app.getHttpServer()).get('/metrics').expect(200);
  expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
  expect(answer.text).toContain('nodejs_eventloop_lag_seconds');
  await request(app.getHttpServer()).get('/api/metrics').expect(404);
});

it('is ready while every needed part answers, and says 503 with the name of the one that does not', async () => {
  const ready = await request(app.getHttpServer()).get('/api/health/ready').expect(200);
  expect(ready.body).toMatchObject({ status: 'degraded', parts: [{ name: 'database', state: 'ok' }, { name: 'classifier', state: 'failed' }] });
  databaseAnswers = false;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const failed = await request(app.getHttpServer()).get('/api/health/ready').expect(503);
  expect(failed.body.parts[0]).toMatchObject({ name: 'database', state: 'failed', reason: 'Error' });
  expect(failed.text).not.toContain('secret');
});

it('lives whatever the parts do, and tells a person of them with 200', async () => {
  databaseAnswers = false;
  await request(app.getHttpServer()).get('/api/health/live').expect(200, { status: 'ok' });
  const report = await request(app.getHttpServer()).get('/api/health').expect(200);
  expect(report.body.parts).toHaveLength(2);
});
