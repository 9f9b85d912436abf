import { augmentationEnv, backendEnv, cacheEnv, classifierEnv, databaseEnv, launcherEnv, messagingEnv, processEnv, recognitionEnv, storageEnv, trainingEnv } from '@repo/config';
import { z } from 'zod';

const everything = z.object({
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
export type Settings = z.infer<typeof everything>;

/** Requests to an object store are signed: without a key none could be sent. */
function withObjectsKey<Schema extends z.ZodType<Settings>>(schema: Schema) {
  const namesKey = (url: string) => !URL.canParse(url) || new URL(url).password !== ''; // what is no URL is named for that already
  return schema.refine(({ OBJECTS_URL, OBJECTS_CREDENTIALS_FILE }) => OBJECTS_URL === undefined || OBJECTS_CREDENTIALS_FILE !== undefined || namesKey(OBJECTS_URL), {
    path: ['OBJECTS_URL'],
    error: 'expected http(s)://key:secret@host:port, or OBJECTS_CREDENTIALS_FILE beside it',
  });
}

/**
 * Everything a person may set. The services read their own parts again; here a wrong value is
 * named before anything is started. What the platform decides or brings by itself may be absent.
 */
export const settings = withObjectsKey(everything);

/** The same where nothing is embedded: every server has to be named. */
export const settingsOnServers = withObjectsKey(
  everything.extend({
    ...databaseEnv.pick({ COLLECTION_DATABASE_URL: true, LEARNING_DATABASE_URL: true }).shape,
    MESSAGES_URL: messagingEnv.shape.MESSAGES_URL.unwrap(),
    OBJECTS_URL: storageEnv.shape.OBJECTS_URL.unwrap(),
    CACHE_URL: cacheEnv.shape.CACHE_URL.unwrap(),
  }),
);
