import 'reflect-metadata';
import { ConfigurationError, readEnvironment } from '@repo/config';
import { backendConfig } from './backend-config.js';
import { createBackend } from './create-backend.js';

/** Answers that are being read when the process is asked to stop. */
const SHUTDOWN_GRACE_MS = 5_000;

async function main(): Promise<void> {
  const config = readEnvironment(backendConfig);
  const app = await createBackend(config);
  await app.listen(config.PORT, config.OC_HOST);
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

await main().catch((error: unknown) => {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exit(error instanceof ConfigurationError ? error.exitCode : 1);
});
