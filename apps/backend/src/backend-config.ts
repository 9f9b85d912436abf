import { backendEnv, cacheEnv, databaseEnv, messagingEnv, processEnv, recognitionEnv, storageEnv } from '@repo/config';
import { z } from 'zod';

/** Everything the backend reads from its environment. */
export const backendConfig = z.object({
  ...processEnv.shape,
  ...backendEnv.shape,
  ...databaseEnv.shape,
  ...messagingEnv.shape,
  ...storageEnv.shape,
  ...cacheEnv.shape,
  OC_CONFIDENCE_THRESHOLD: recognitionEnv.shape.OC_CONFIDENCE_THRESHOLD,
});
export type BackendConfig = z.infer<typeof backendConfig>;
