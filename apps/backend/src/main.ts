import 'reflect-metadata';
import { readEnvironment } from '@repo/config';
import { closeWhenAsked, reportReady, runService } from '@repo/observability';
import { backendConfig } from './backend-config.js';
import { createBackend } from './create-backend.js';

/** For answers that are being read when the process is asked to stop; event streams never end by themselves. */
const SHUTDOWN_GRACE_MS = 5_000;

await runService('backend', () => readEnvironment(backendConfig), async (config, logger) => {
  const app = await createBackend(config, logger);
  await app.listen(config.PORT, config.OC_HOST);
  closeWhenAsked(app, () => setTimeout(() => app.getHttpServer().closeAllConnections(), SHUTDOWN_GRACE_MS).unref());
  reportReady(logger, config.PORT);
});
