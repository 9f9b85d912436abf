import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { DirectoryLock, EmbeddedPostgres } from '@repo/database/embedded';
import { builtFile } from '@repo/kernel';
import { askBackbone, describeNetwork } from './ask-backbone.js';
import { requireFreePorts } from './free-ports.js';
import type { PrepareAnswer } from './prepare.js';
import { loadSecrets, type Secrets } from './secrets.js';
import { databaseVariables, describeServers, unnamedDatabases, type DatabaseName } from './servers.js';
import { ServiceLog } from './service-log.js';
import { planServices, type Copies, type PlannedService } from './service-plan.js';
import { Service } from './service.js';
import type { Settings } from './settings.js';

export interface PlatformOptions {
  settings: Settings;
  copies: Copies;
  /** What the person set: goes to every service, below what the platform itself decides. */
  environment: NodeJS.ProcessEnv;
  resetPassword: boolean;
  say: (line: string) => void;
}

const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 20_000;

/** Everything in one command: the databases that no server is named for, and the services, each in its own process. */
export class Platform {
  readonly dataDir: string;
  private readonly plan: readonly PlannedService[];
  /** A promise, so that stopping in the middle of a start still finds it. */
  private database: Promise<EmbeddedPostgres> | undefined;
  private folderLock: Promise<DirectoryLock> | undefined;
  private services: Service[] = [];
  private logs: ServiceLog[] = [];
  private stopping: Promise<void> | undefined;
  /** Known once the databases are prepared, also when the rest can't start: a password made then is kept nowhere. */
  administrator: PrepareAnswer['administrator'] | undefined;

  constructor(
    private readonly options: PlatformOptions,
    /** Called when a part is lost that can't be started again. */
    private readonly onGaveUp: (why: string, exitCode: number) => void,
  ) {
    this.dataDir = path.resolve(options.settings.OC_DATA_DIR);
    this.plan = planServices(options.settings, options.copies);
  }

  /** Of the backends, the first one's first. */
  get urls(): string[] {
    return this.urlsOf('PORT');
  }

  /** Which backbone recognises, in one line for the terminal; undefined while the classifier does not say. */
  async backbone(): Promise<string | undefined> {
    const [url = ''] = this.urlsOf('CLASSIFIER_PORT');
    const network = await askBackbone(url);
    return network && describeNetwork(network);
  }

  /** Resolves when every service serves. Throws when a part can't start; then call `stop`. */
  async start(): Promise<PrepareAnswer> {
    const { settings, resetPassword, say } = this.options;
    await requireFreePorts(this.plan);
    const secrets = await loadSecrets(this.dataDir);
    say(describeServers(settings));
    const environment = this.serviceEnvironment(secrets, await this.startDatabases(unnamedDatabases(settings)));

    say('bringing the tables up to date');
    const prepared = await prepare(environment, resetPassword);
    this.administrator = prepared.administrator;

    say(`starting ${this.plan.map(({ name, port }) => `${name} (${port})`).join(', ')}`);
    this.services = this.plan.map(({ portVariable, port, ...spec }) => {
      const log = new ServiceLog(path.join(this.dataDir, 'logs'), spec.name, say);
      this.logs.push(log);
      return new Service({ ...spec, environment: { ...environment, [portVariable]: String(port) } }, log, say, this.onGaveUp);
    });
    await Promise.all(this.services.map((service) => service.start(START_TIMEOUT_MS)));
    return prepared;
  }

  /** Services first, so that they finish what they hold; the database last. Safe to call twice. */
  stop(): Promise<void> {
    this.stopping ??= this.stopInOrder();
    return this.stopping;
  }

  private urlsOf(variable: PlannedService['portVariable']): string[] {
    return this.plan.filter(({ portVariable }) => portVariable === variable).map(({ host, port }) => `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`);
  }

  private async stopInOrder(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop(STOP_GRACE_MS)));
    // One that never started needs no stop.
    await this.database?.then((database) => database.stop(), () => {});
    await this.folderLock?.then((lock) => lock.release(), () => {});
    this.logs.forEach((log) => log.close());
  }

  /** The data folder is one platform's at a time: the embedded database sees to that where there is one. */
  private async startDatabases(names: readonly DatabaseName[]): Promise<Record<string, string>> {
    if (names.length === 0) {
      this.folderLock = DirectoryLock.take(this.dataDir);
      await this.folderLock;
      return {};
    }
    this.options.say('starting the embedded database');
    this.database = EmbeddedPostgres.start({ dataDir: this.dataDir, databases: names });
    const database = await this.database;
    void database.ended.then((how) => {
      if (!this.stopping) {
        this.onGaveUp(`${how}, unasked; its log is in the data folder. Nothing accepted is lost: start again with npm start`, 1);
      }
    });
    return databaseVariables(Object.fromEntries(names.map((name) => [name, database.urlFor(name)])));
  }

  private serviceEnvironment({ jwtSecret, serviceToken, linkSecret }: Secrets, databases: Record<string, string>): NodeJS.ProcessEnv {
    const { settings, environment } = this.options;
    const [url = ''] = this.urls;
    return {
      OC_JWT_SECRET: jwtSecret,
      OC_SERVICE_TOKEN: serviceToken,
      OC_LINK_SECRET: linkSecret,
      OC_PUBLIC_URL: url,
      OC_BACKEND_URL: url,
      OC_CLASSIFIER_URL: `http://127.0.0.1:${settings.CLASSIFIER_PORT}`,
      ...Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '')), // an empty one counts as absent
      ...databases,
      NODE_ENV: 'production',
      OC_DATA_DIR: this.dataDir,
    };
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
