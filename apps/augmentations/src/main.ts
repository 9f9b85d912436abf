import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readEnvironment } from '@repo/config';
import { consumeMessages } from '@repo/messaging';
import { closeWhenAsked, reportReady, runService } from '@repo/observability';
import { augmentationsConfig } from './augmentations-config.js';
import { AugmentationsModule } from './augmentations.module.js';

/** Health and metrics are for this machine alone. */
const HOST = '127.0.0.1';

await runService('augmentations', () => readEnvironment(augmentationsConfig), async (config, logger) => {
  const app = await NestFactory.create<NestExpressApplication>(await AugmentationsModule.forRoot(config), { logger, bodyParser: false, abortOnError: false });
  await consumeMessages(app);
  await app.listen(config.AUGMENTATIONS_PORT, HOST);
  closeWhenAsked(app); // photos in work are finished first
  reportReady(logger, config.AUGMENTATIONS_PORT);
});
