import { backendEnv, databaseEnv, messagingEnv, processEnv, recognitionEnv, storageEnv, trainingEnv } from '@repo/config';
import { z } from 'zod';

/** Everything this service reads from its environment. */
export const trainingConfig = z.object({
  ...processEnv.omit({ SENTRY_DSN: true }).shape, // what it gives up is reported by the backend
  ...trainingEnv.shape,
  ...backendEnv.pick({ OC_CLASSIFIER_URL: true }).shape,
  ...databaseEnv.shape,
  ...messagingEnv.shape,
  ...recognitionEnv.pick({ OC_BACKBONE: true }).shape,
  ...storageEnv.shape,
});
export type TrainingConfig = z.infer<typeof trainingConfig>;
