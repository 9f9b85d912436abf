import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { JsonLogger } from '@repo/observability';
import { augmentationsConfig, type AugmentationsConfig } from './augmentations-config.js';
import { AugmentationsModule } from './augmentations.module.js';

/** Health and metrics are for this machine alone. */
const HOST = '127.0.0.1';

const config = readConfig();
const logger = new JsonLogger({ service: 'augmentations', level: config.LOG_LEVEL });
try {
  await serve();
} catch (error) {
  logger.fatal({ msg: 'the augmentation service could not start', err: error });
  process.exit(1);
}

function readConfig(): AugmentationsConfig {
  try {
    return readEnvironment(augmentationsConfig);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(error.exitCode);
    }
    throw error;
  }
}

async function serve(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AugmentationsModule.forRoot(config), { logger, bodyParser: false, abortOnError: false });
  await app.listen(config.AUGMENTATIONS_PORT, HOST);
  logger.log({ msg: 'ready', port: config.AUGMENTATIONS_PORT });
  process.send?.({ type: 'ready' });

  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) {
      return;
    }
    isStopping = true;
    await app.close(); // photos in work are finished first
    process.exit(0);
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop); // whoever started this service is gone
}
