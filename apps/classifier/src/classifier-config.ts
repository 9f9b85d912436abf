import { classifierEnv, databaseEnv, processEnv, recognitionEnv, storageEnv } from '@repo/config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const classifierConfig = z.object({
  ...processEnv.shape,
  ...classifierEnv.shape,
  ...databaseEnv.shape,
  ...recognitionEnv.pick({ OC_BACKBONE: true, OC_MODEL_CACHE_DIR: true }).shape,
  ...storageEnv.shape,
});
export type ClassifierConfig = z.infer<typeof classifierConfig>;
