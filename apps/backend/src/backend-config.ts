import { backendEnv, databaseEnv, messagingEnv, processEnv, storageEnv } from '@repo/config';
import { z } from 'zod';

/** Everything the backend reads from its environment. */
export const backendConfig = z.object({
  ...processEnv.shape,
  ...backendEnv.shape,
  ...databaseEnv.shape,
  ...messagingEnv.shape,
  ...storageEnv.shape,
});
export type BackendConfig = z.infer<typeof backendConfig>;
