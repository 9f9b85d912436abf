// What takes the place of an unset variable where that depends on others. Services and launcher agree by asking here.
import path from 'node:path';
import type { z } from 'zod';
import type { databaseEnv, messagingEnv, recognitionEnv, storageEnv } from './schemas.js';

/** The queues lie in the learning database unless a broker is named. */
export function messagesUrl({ MESSAGES_URL, LEARNING_DATABASE_URL }: z.infer<typeof messagingEnv> & Pick<z.infer<typeof databaseEnv>, 'LEARNING_DATABASE_URL'>): string {
  return MESSAGES_URL ?? LEARNING_DATABASE_URL;
}

/** Where objects are kept and how they are reached: an S3 where `objectsUrl` is set, else the folder. */
export function objectPlace(config: z.infer<typeof storageEnv>) {
  return {
    objectsUrl: config.OBJECTS_URL,
    objectsPublicUrl: config.OBJECTS_PUBLIC_URL,
    objectsCredentialsFile: config.OBJECTS_CREDENTIALS_FILE,
    folder: config.OC_OBJECTS_DIR ?? path.join(config.OC_DATA_DIR, 'objects'),
    publicUrl: config.OC_PUBLIC_URL,
    linkSecret: config.OC_LINK_SECRET,
  };
}

export function modelCacheFolder({ OC_MODEL_CACHE_DIR, OC_DATA_DIR }: Pick<z.infer<typeof recognitionEnv>, 'OC_MODEL_CACHE_DIR' | 'OC_DATA_DIR'>): string {
  return OC_MODEL_CACHE_DIR ?? path.join(OC_DATA_DIR, 'models-cache');
}
