import { augmentationEnv, databaseEnv, messagingEnv, processEnv, storageEnv } from '@repo/config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const augmentationsConfig = z.object({
  // Nobody calls it and it calls nobody; what it gives up is reported by the backend.
  ...processEnv.omit({ OC_SERVICE_TOKEN: true, SENTRY_DSN: true }).shape,
  ...augmentationEnv.shape,
  ...databaseEnv.pick({ LEARNING_DATABASE_URL: true, DATABASE_POOL_SIZE: true }).shape,
  ...messagingEnv.shape,
  ...storageEnv.shape,
});
export type AugmentationsConfig = z.infer<typeof augmentationsConfig>;
