import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { augmentationsConfig } from './augmentations-config.js';
import { AugmentationsModule } from './augmentations.module.js';

/** Health and metrics are for this machine alone. */
const HOST = '127.0.0.1';

async function main(): Promise<void> {
  const config = readEnvironment(augmentationsConfig);
  const app = await NestFactory.create<NestExpressApplication>(AugmentationsModule.forRoot(config), { bodyParser: false, abortOnError: false });
  await app.listen(config.AUGMENTATIONS_PORT, HOST);
  process.send?.({ type: 'ready' });

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
}

await main().catch((error: unknown) => {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1);
});
