import 'reflect-metadata';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { JsonLogger } from '@repo/observability';
import { backendConfig, type BackendConfig } from './backend-config.js';
import { createBackend } from './create-backend.js';

/** Answers that are being read when the process is asked to stop. */
const SHUTDOWN_GRACE_MS = 5_000;

const config = readConfig();
const logger = new JsonLogger({ service: 'backend', level: config.LOG_LEVEL });
try {
  await serve();
} catch (error) {
  logger.fatal({ msg: 'the backend could not start', err: error });
  process.exit(1);
}

function readConfig(): BackendConfig {
  try {
    return readEnvironment(backendConfig);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      console.error(error.message);
      process.exit(error.exitCode);
    }
    throw error;
  }
}

async function serve(): Promise<void> {
  const app = await createBackend(config, logger);
  await app.listen(config.PORT, config.OC_HOST);
  logger.log({ msg: 'ready', port: config.PORT });
  process.send?.({ type: 'ready' });

  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) {
      return;
    }
    isStopping = true;
    // Event streams never end by themselves.
    setTimeout(() => app.getHttpServer().closeAllConnections(), SHUTDOWN_GRACE_MS).unref();
    await app.close();
    process.exit(0);
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop); // whoever started this service is gone
}
