import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { EmbeddedPostgres } from '@repo/database/embedded';
import { builtFile } from '@repo/kernel';
import { requireFreePorts } from './free-ports.js';
import type { PrepareAnswer } from './prepare.js';
import { loadSecrets } from './secrets.js';
import { ServiceLog } from './service-log.js';
import { Service, type ServiceSpec } from './service.js';

export interface PlatformOptions {
  dataDir: string;
  port: number;
  classifierPort: number;
  augmentationsPort: number;
  trainingPort: number;
  /** Where the backend and the classifier listen; the two others never leave this machine. */
  host: string;
  /** What the person set: goes to every service, below what the platform itself decides. */
  environment: NodeJS.ProcessEnv;
  resetPassword: boolean;
  say: (line: string) => void;
}

/**
 * The two that answer people get room, so that V8 seldom collects, and go first;
 * the two that work behind them stay small and take what time is left.
 */
const services = {
  backend: { nodeFlags: ['--max-old-space-size=512'], niceness: 0 },
  augmentations: { nodeFlags: ['--max-old-space-size=128', '--max-semi-space-size=1'], niceness: 10 },
  training: { nodeFlags: ['--max-old-space-size=256', '--max-semi-space-size=1'], niceness: 10 },
  classifier: { nodeFlags: ['--max-old-space-size=512'], niceness: 0 },
};

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 20_000;

/** Everything in one command: the embedded database and the four services, each in its own process. */
export class Platform {
  /** A promise, so that stopping in the middle of a start still finds it. */
  private database: Promise<EmbeddedPostgres> | undefined;
  private services: Service[] = [];
  private logs: ServiceLog[] = [];
  private stopping: Promise<void> | undefined;
  /** Known once the databases are prepared, also when the rest can't start: a password made then is kept nowhere. */
  administrator: PrepareAnswer['administrator'] | undefined;

  constructor(
    private readonly options: PlatformOptions,
    /** Called when a part is lost that can't be started again. */
    private readonly onGaveUp: (why: string, exitCode: number) => void,
  ) {}

  get url(): string {
    const { host, port } = this.options;
    return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  }

  /** Resolves when every service serves. Throws when a part can't start; then call `stop`. */
  async start(): Promise<PrepareAnswer> {
    const { dataDir, port, classifierPort, augmentationsPort, trainingPort, host, say } = this.options;
    await requireFreePorts([
      { variable: 'PORT', host, port },
      { variable: 'CLASSIFIER_PORT', host, port: classifierPort },
      { variable: 'AUGMENTATIONS_PORT', host: '127.0.0.1', port: augmentationsPort },
      { variable: 'TRAINING_PORT', host: '127.0.0.1', port: trainingPort },
    ]);
    const secrets = await loadSecrets(dataDir);

    say('starting the database');
    this.database = EmbeddedPostgres.start({ dataDir, databases: ['collection', 'learning'] });
    const database = await this.database;
    void database.ended.then((how) => {
      if (!this.stopping) {
        this.onGaveUp(`${how}, unasked; its log is in the data folder. Nothing accepted is lost: start again with npm start`, 1);
      }
    });
    const environment = this.serviceEnvironment(secrets, database);

    say('bringing the tables up to date');
    const prepared = await prepare(environment, this.options.resetPassword);
    this.administrator = prepared.administrator;

    say('starting the services');
    this.services = this.serviceSpecs(environment).map((spec) => {
      const log = new ServiceLog(path.join(dataDir, 'logs'), spec.name, say);
      this.logs.push(log);
      return new Service(spec, log, say, this.onGaveUp);
    });
    await Promise.all(this.services.map((service) => service.start(START_TIMEOUT_MS)));
    return prepared;
  }

  /** Services first, so that they finish what they hold; the database last. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  private async stopInOrder(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop(STOP_GRACE_MS)));
    const database = await this.database?.catch(() => undefined); // one that never started needs no stop
    await database?.stop();
    this.logs.forEach((log) => log.close());
  }

  private serviceEnvironment(secrets: { jwtSecret: string; serviceToken: string; linkSecret: string }, database: EmbeddedPostgres): NodeJS.ProcessEnv {
    const { dataDir, port, classifierPort, augmentationsPort, trainingPort, host, environment } = this.options;
    const backbone = environment['OC_BACKBONE'];
    return {
      OC_JWT_SECRET: secrets.jwtSecret,
      OC_SERVICE_TOKEN: secrets.serviceToken,
      OC_LINK_SECRET: secrets.linkSecret,
      OC_PUBLIC_URL: this.url,
      OC_BACKEND_URL: this.url,
      OC_CLASSIFIER_URL: `http://127.0.0.1:${classifierPort}`,
      ...environment,
      NODE_ENV: 'production',
      OC_DATA_DIR: dataDir,
      OC_HOST: host,
      PORT: String(port),
      CLASSIFIER_PORT: String(classifierPort),
      AUGMENTATIONS_PORT: String(augmentationsPort),
      TRAINING_PORT: String(trainingPort),
      COLLECTION_DATABASE_URL: database.urlFor('collection'),
      LEARNING_DATABASE_URL: database.urlFor('learning'),
      MESSAGES_URL: database.urlFor('learning'),
      OC_OBJECTS_DIR: path.join(dataDir, 'objects'),
      OC_MODEL_CACHE_DIR: path.join(dataDir, 'models-cache'),
      ...(backbone ? { OC_BACKBONE: path.resolve(backbone) } : {}),
    };
  }

  private serviceSpecs(environment: NodeJS.ProcessEnv): ServiceSpec[] {
    const require = createRequire(import.meta.url);
    return Object.entries(services).map(([name, manner]) => ({
      name,
      script: path.join(path.dirname(require.resolve(`@repo/app-${name}/package.json`)), 'dist', 'main.js'),
      environment,
      ...manner,
    }));
  }
}

/** Migrations and the first administrator, in a process that ends afterwards and gives its memory back. */
async function prepare(environment: NodeJS.ProcessEnv, resetPassword: boolean): Promise<PrepareAnswer> {
  const child = fork(builtFile(import.meta.url, './prepare.js'), resetPassword ? ['--reset-password'] : [], { env: environment, detached: true });
  const answered = once(child, 'message') as Promise<[PrepareAnswer]>;
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The databases could not be prepared (exit code ${code})`);
  });
  ended.catch(() => {});
  const [answer] = await Promise.race([answered, ended]);
  return answer;
}
