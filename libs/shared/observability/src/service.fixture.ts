import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { readEnvironment } from '@repo/config';
import { crashPoint, TemporaryError } from '@repo/kernel';
import { z } from 'zod';
import { closeWhenAsked, reportReady, runService } from './run-service.js';

// A service for the specs; its configuration says how it fares.
const schema = z.object({ LOG_LEVEL: z.enum(['info']), START_MS: z.coerce.number().default(0), FAILURE: z.string().optional(), OUTAGE: z.string().optional(), CRASH_AT: z.string().optional() });

await runService('fixture', () => readEnvironment(schema), async ({ START_MS, FAILURE, OUTAGE }, logger) => {
  await sleep(START_MS);
  if (FAILURE) {
    throw new Error(FAILURE);
  }
  if (OUTAGE) {
    throw new TemporaryError(OUTAGE);
  }
  crashPoint('upload.before-put');
  const running = setInterval(() => {}, 1_000);
  const app = { close: async () => clearInterval(running) } as INestApplicationContext;
  closeWhenAsked(app, () => logger.log({ msg: 'closing' }));
  reportReady(logger, 80);
});
