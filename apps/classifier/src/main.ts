import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { prepareHttp } from '@repo/http';
import { JsonLogger } from '@repo/observability';
import { ClassifierUpkeep } from '@repo/recognition-feature-classify';
import { classifierConfig, type ClassifierConfig } from './classifier-config.js';
import { ClassifierModule } from './classifier.module.js';

const config = readConfig();
const logger = new JsonLogger({ service: 'classifier', level: config.LOG_LEVEL });
try {
  await serve();
} catch (error) {
  logger.fatal({ msg: 'the classifier could not start', err: error });
  process.exit(1);
}

function readConfig(): ClassifierConfig {
  try {
    return readEnvironment(classifierConfig);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(error.exitCode);
    }
    throw error;
  }
}

async function serve(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(ClassifierModule.forRoot(config), { logger, bodyParser: false, abortOnError: false });
  prepareHttp(app, { corsOrigins: [] });
  await app.listen(config.CLASSIFIER_PORT, config.OC_HOST);

  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) {
      return;
    }
    isStopping = true;
    await app.close();
    process.exit(0);
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop); // whoever started this service is gone

  // It listens at once, for its health page; it serves once the network and the known vectors are in memory.
  await app.get(ClassifierUpkeep).firstReady;
  logger.log({ msg: 'ready', port: config.CLASSIFIER_PORT });
  process.send?.({ type: 'ready' });
}
