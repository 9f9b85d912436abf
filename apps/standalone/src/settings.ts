import { augmentationEnv, backendEnv, cacheEnv, classifierEnv, databaseEnv, launcherEnv, messagingEnv, processEnv, recognitionEnv, storageEnv, trainingEnv } from '@repo/config';
import { z } from 'zod';

/**
 * Everything a person may set. The services read their own parts again; here a wrong value is
 * named before anything is started. What the platform decides or brings by itself may be absent.
 */
export const settings = z.object({
  ...processEnv.partial().shape,
  ...databaseEnv.partial().shape,
  ...messagingEnv.shape,
  ...cacheEnv.shape,
  ...storageEnv.partial().shape,
  ...backendEnv.partial().shape,
  ...augmentationEnv.partial().shape,
  ...recognitionEnv.partial().shape,
  ...trainingEnv.partial().shape,
  ...classifierEnv.partial().shape,
  ...launcherEnv.shape,
});
export type Settings = z.infer<typeof settings>;

/** The same where nothing is embedded: every server has to be named. */
export const settingsOnServers = settings.extend({
  ...databaseEnv.pick({ COLLECTION_DATABASE_URL: true, LEARNING_DATABASE_URL: true }).shape,
  MESSAGES_URL: messagingEnv.shape.MESSAGES_URL.unwrap(),
  OBJECTS_URL: storageEnv.shape.OBJECTS_URL.unwrap(),
  CACHE_URL: cacheEnv.shape.CACHE_URL.unwrap(),
});
