import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
/** At least 256 bits of text, as RFC 7518 asks of an HS256 key. */
const secret = z.string().min(32, 'at least 32 characters');
const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info');
const dataDir = z.string().min(1).default('./data');

/** Another protocol would only be noticed when the server is needed. */
function url(...protocols: readonly string[]) {
  const expected = protocols.map((protocol) => `${protocol}://…`).join(' or ');
  return z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`), error: `expected ${expected}` });
}

const webUrl = url('http', 'https');
/** A web address whose path has a meaning of its own. */
const webUrlWithPath = (form: RegExp, expected: string) => webUrl.refine((text) => !URL.canParse(text) || form.test(new URL(text).pathname), { error: expected });

/** What the processes of the platform have in common. */
export const processEnv = z.object({
  LOG_LEVEL: logLevel,
  /** Shared by the platform's own services when they call each other. */
  OC_SERVICE_TOKEN: secret,
  /** Where errors are reported in Sentry's protocol, e.g. to GlitchTip: http://key@host/project. Unset: the log alone. */
  SENTRY_DSN: webUrl.optional(),
  /** For tests of reliability: ends the process at a crash point, e.g. augment.uploaded:4. */
  CRASH_AT: z.string().optional(),
});

/** Where a person starts all services with one command. */
export const launcherEnv = z.object({
  /** What no server keeps lies below this folder: embedded database, objects, secrets, logs, models. */
  OC_DATA_DIR: dataDir,
  /** Of the first backend; each further one listens 10 higher than the one before. */
  PORT: port(5000),
  CLASSIFIER_PORT: port(5001),
  /** As with PORT, each further augmentation service is 10 higher. */
  AUGMENTATIONS_PORT: port(5011),
  TRAINING_PORT: port(5012),
  /** Address to listen on; 127.0.0.1 keeps the platform to this machine. */
  OC_HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: logLevel,
});

export const databaseEnv = z.object({
  /** Items, photos, users, models: PostgreSQL or SQL Server. */
  COLLECTION_DATABASE_URL: url('postgres', 'postgresql', 'mssql'),
  /** Variants, vectors, trainings. */
  LEARNING_DATABASE_URL: url('postgres', 'postgresql'),
  /** Connections each process may open to each database. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(10),
});

export const messagingEnv = z.object({
  /** RabbitMQ, or queues in PostgreSQL. Unset: the learning database. */
  MESSAGES_URL: url('amqp', 'amqps', 'postgres', 'postgresql').optional(),
});

export const cacheEnv = z.object({
  /** redis://… shared by several backends. Unset: each process keeps its own. */
  CACHE_URL: url('redis', 'rediss').optional(),
});

export const storageEnv = z.object({
  /** MinIO or another S3: http://key:secret@host:9000/region. Unset: files below OC_OBJECTS_DIR. */
  OBJECTS_URL: webUrlWithPath(/^\/[\w-]*\/?$/, 'expected the region as path: letters, digits and dashes').optional(),
  /** A file with one line key:secret, read again when that S3 refuses them. Unset: those of OBJECTS_URL. */
  OBJECTS_CREDENTIALS_FILE: z.string().min(1).optional(),
  /** How browsers and phones reach that S3; links to photos are signed for it. Unset: as in OBJECTS_URL. */
  OBJECTS_PUBLIC_URL: webUrlWithPath(/^\/$/, 'expected no path: links are signed for the one the server sees').optional(),
  OC_DATA_DIR: dataDir,
  /** Folder of the objects where there is no S3. Unset: `objects` in OC_DATA_DIR. */
  OC_OBJECTS_DIR: z.string().min(1).optional(),
  /** Signs the links to photos in that folder. */
  OC_LINK_SECRET: secret,
  /** How browsers and phones reach the backend; links to photos in that folder begin with it. */
  OC_PUBLIC_URL: webUrl.default('http://127.0.0.1:5000'),
});

export const backendEnv = z.object({
  PORT: port(5000),
  OC_HOST: z.string().default('127.0.0.1'),
  /** Signs the access tokens. */
  OC_JWT_SECRET: secret,
  /** Minutes an access token lives. */
  OC_TOKEN_MINUTES: z.coerce.number().int().min(1).max(1_440).default(15),
  /** The administrator's sign-in. Unset: made at the first start, the password printed once. */
  OC_AUTH_EMAIL: z.email().optional(),
  OC_AUTH_PASSWORD: z.string().min(12, 'at least 12 characters').optional(),
  /** How the backend reaches the classifier. */
  OC_CLASSIFIER_URL: webUrl.default('http://127.0.0.1:5001'),
  /** Largest photo that is taken, in megabytes (10^6 bytes). */
  OC_UPLOAD_MAX_MB: z.coerce.number().positive().max(200).default(20),
  /** Largest photo that is taken, in megapixels. */
  OC_UPLOAD_MAX_MEGAPIXELS: z.coerce.number().positive().max(200).default(50),
  /** Requests a minute for each signed-in user, or for each address that nobody signed in from. */
  OC_REQUESTS_PER_MINUTE: z.coerce.number().int().positive().default(6_000),
  /** Minutes after which a message without a trace counts as lost and is sent again; it is looked for twice as often. */
  OC_LOST_AFTER_MINUTES: z.coerce.number().positive().max(1_440).default(2),
  /** Origins of web pages that may call the API, separated by commas. */
  OC_CORS_ORIGINS: z.string().default(''),
});

export const augmentationEnv = z.object({
  /** Longest side of a stored variant, in pixels; 0 keeps the photo's size. */
  OC_VARIANT_LONG_SIDE: z.coerce.number().int().min(0).max(10_000).default(1024),
  /** Image processes: each renders one photo at a time. A service holds 4 photos at once; for more, start it more than once. */
  OC_AUGMENT_WORKERS: z.coerce.number().int().min(1).max(4).default(2),
  /** Port of its health and metrics pages. */
  AUGMENTATIONS_PORT: port(5011),
});

export const recognitionEnv = z.object({
  /** Path of the backbone's weights (safetensors). Unset: looked for in OC_DATA_DIR. */
  OC_BACKBONE: z.string().optional(),
  OC_DATA_DIR: dataDir,
  /** Folder of cached model files. Unset: `models-cache` in OC_DATA_DIR. */
  OC_MODEL_CACHE_DIR: z.string().min(1).optional(),
  /** Below this probability the answer is `desconhecido`. */
  OC_CONFIDENCE_THRESHOLD: z.coerce.number().min(0).max(1).default(0.75),
});

export const trainingEnv = z.object({
  TRAINING_PORT: port(5012),
  /** How the training service reaches the backend, to announce a version. */
  OC_BACKEND_URL: webUrl.default('http://127.0.0.1:5000'),
  /** New photos that start a training by themselves. */
  OC_TRAINING_MIN_NEW_PHOTOS: z.coerce.number().int().min(1).default(20),
  /** Minutes without a new photo that start a training with fewer. */
  OC_TRAINING_IDLE_MINUTES: z.coerce.number().positive().default(10),
  /** Where the head is trained: the first of these that loads. */
  OC_TRAINING_BACKEND: z.enum(['auto', 'tfjs-node-gpu', 'tfjs-node', 'wasm']).default('auto'),
  OC_TRAINING_SEED: z.coerce.number().int().default(7),
});

export const classifierEnv = z.object({
  CLASSIFIER_PORT: port(5001),
  OC_HOST: z.string().default('127.0.0.1'),
  /** Threads that run the network, one each core; 0 takes the number of cores. */
  OC_CLASSIFIER_THREADS: z.coerce.number().int().min(0).max(256).default(0),
  /** Requests that may wait; beyond this the answer is 429. */
  OC_CLASSIFIER_QUEUE: z.coerce.number().int().positive().default(64),
  /** fp32, or int8: faster, a little less accurate. */
  OC_CLASSIFIER_PRECISION: z.enum(['fp32', 'int8']).default('fp32'),
  /** Similarity index; auto takes the exact search, the faster of the two: both give the same answers. */
  OC_CLASSIFIER_INDEX: z.enum(['auto', 'exact', 'faiss']).default('auto'),
});
