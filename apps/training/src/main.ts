import 'reflect-metadata';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { readEnvironment } from '@repo/config';
import { consumeMessages } from '@repo/messaging';
import { closeWhenAsked, reportReady, runService, type JsonLogger } from '@repo/observability';
import { TrainingScheduler } from '@repo/recognition-feature-train';
import { trainingConfig, type TrainingConfig } from './training-config.js';
import { TrainingModule } from './training.module.js';

/** Health and metrics are for this machine alone. */
const HOST = '127.0.0.1';

const { values: flags } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
// Uploads, answers and searches go first: nobody waits for a training by the second.
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);
await runService('training', () => readEnvironment(trainingConfig), flags.once ? trainOnce : serve);

async function serve(config: TrainingConfig, logger: JsonLogger): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(await TrainingModule.forRoot(config, { once: false }), { logger, bodyParser: false, abortOnError: false });
  await consumeMessages(app);
  await app.listen(config.TRAINING_PORT, HOST);
  closeWhenAsked(app); // the training in hand goes back to the queue
  reportReady(logger, config.TRAINING_PORT);
}

/** One training, then the end: 0 unless it failed. */
async function trainOnce(config: TrainingConfig, logger: JsonLogger): Promise<void> {
  const app = await NestFactory.createApplicationContext(await TrainingModule.forRoot(config, { once: true }), { logger, abortOnError: false });
  closeWhenAsked(app);
  const { status, reason, modelVersion } = await app.get(TrainingScheduler).trainOnce();
  logger.log({ msg: 'trained once', status, reason, modelVersion });
  await app.close();
  process.exit(status === 'failed' ? 1 : 0);
}
