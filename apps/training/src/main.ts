import 'reflect-metadata';
import os from 'node:os';
import { parseArgs } from 'node:util';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { JsonLogger } from '@repo/observability';
import { TrainingScheduler } from '@repo/recognition-feature-train';
import { trainingConfig, type TrainingConfig } from './training-config.js';
import { TrainingModule } from './training.module.js';

/** Health and metrics are for this machine alone. */
const HOST = '127.0.0.1';

const { values: flags } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const config = readConfig();
const logger = new JsonLogger({ service: 'training', level: config.LOG_LEVEL });
try {
  // Uploads, answers and searches go first: nobody waits for a training by the second.
  os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
  await (flags.once ? trainOnce() : serve());
} catch (error) {
  logger.fatal({ msg: 'the training service could not start', err: error });
  process.exit(1);
}

function readConfig(): TrainingConfig {
  try {
    return readEnvironment(trainingConfig);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(error.exitCode);
    }
    throw error;
  }
}

async function serve(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(TrainingModule.forRoot(config, { once: false }), { logger, bodyParser: false, abortOnError: false });
  await app.listen(config.TRAINING_PORT, HOST);
  closeWhenAsked(app);
  logger.log({ msg: 'ready', port: config.TRAINING_PORT });
  process.send?.({ type: 'ready' });
}

/** One training, then the end: 0 unless it failed. */
async function trainOnce(): Promise<void> {
  const app = await NestFactory.createApplicationContext(TrainingModule.forRoot(config, { once: true }), { logger, abortOnError: false });
  closeWhenAsked(app);
  const { status, reason, modelVersion } = await app.get(TrainingScheduler).trainOnce();
  logger.log({ msg: 'trained once', status, reason, modelVersion });
  await app.close();
  process.exit(status === 'failed' ? 1 : 0);
}

function closeWhenAsked(app: INestApplicationContext): void {
  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) {
      return;
    }
    isStopping = true;
    await app.close(); // the training in hand goes back to the queue
    process.exit(0);
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop); // whoever started this service is gone
}
