import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readEnvironment } from '@repo/config';
import { prepareHttp } from '@repo/http';
import { closeWhenAsked, reportReady, runService } from '@repo/observability';
import { ClassifierUpkeep } from '@repo/recognition-feature-classify';
import { classifierConfig } from './classifier-config.js';
import { ClassifierModule } from './classifier.module.js';

await runService('classifier', () => readEnvironment(classifierConfig), async (config, logger) => {
  const app = await NestFactory.create<NestExpressApplication>(await ClassifierModule.forRoot(config), { logger, bodyParser: false, abortOnError: false });
  prepareHttp(app, { corsOrigins: [] });
  await app.listen(config.CLASSIFIER_PORT, config.OC_HOST);
  closeWhenAsked(app);
  // It listens at once, for its health page; it serves once the network and the known vectors are in memory.
  await app.get(ClassifierUpkeep).firstReady;
  reportReady(logger, config.CLASSIFIER_PORT);
});
