import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@repo/servers';
import { Collector } from './collector.js';
import type { ServersUnderTest } from './servers-under-test.js';
import { ServiceProcess, type ServiceName } from './service-process.js';

export type FleetSize = Record<ServiceName, number>;

const portVariables: Record<ServiceName, string> = {
  backend: 'PORT',
  augmentations: 'AUGMENTATIONS_PORT',
  training: 'TRAINING_PORT',
  classifier: 'CLASSIFIER_PORT',
};

export const administrator = { email: 'dona@example.org', password: 'uma-senha-de-teste' };

/** Settings of every fleet; a test changes what it is about. */
const standardSettings = {
  OC_AUTH_EMAIL: administrator.email,
  OC_AUTH_PASSWORD: administrator.password,
  OC_JWT_SECRET: 'a-secret-for-tokens-of-tests-only-0123',
  OC_SERVICE_TOKEN: 'a-token-for-services-of-tests-only-0123',
  OC_LINK_SECRET: 'a-secret-for-links-of-tests-only-01234',
  OC_HOST: '127.0.0.1',
  OC_TOKEN_MINUTES: '1440',
  OC_REQUESTS_PER_MINUTE: '1000000',
  OC_VARIANT_LONG_SIDE: '160',
  /** Trainings start when a test asks for one. */
  OC_TRAINING_MIN_NEW_PHOTOS: '1000000',
  OC_TRAINING_IDLE_MINUTES: '1000000',
  NODE_ENV: 'production',
};

/** The platform as several processes over real servers: any number of each service. */
export class Fleet {
  private constructor(
    readonly servers: ServersUnderTest,
    private readonly services: Record<ServiceName, ServiceProcess[]>,
    readonly serviceToken: string,
  ) {}

  /**
   * Brings the databases up to date and starts every service. Resolves when all of them serve.
   *
   * @param settings more variables of the environment, for every service
   */
  static async start(servers: ServersUnderTest, size: Partial<FleetSize>, settings: NodeJS.ProcessEnv = {}): Promise<Fleet> {
    const sizes: FleetSize = { backend: 1, augmentations: 1, training: 0, classifier: 0, ...size };
    const names = Object.keys(sizes) as ServiceName[];
    const ports = await freePorts(names.reduce((sum, name) => sum + Math.max(1, sizes[name]), 0));
    const portsOf = Object.fromEntries(names.map((name) => [name, ports.splice(0, Math.max(1, sizes[name]))])) as Record<ServiceName, number[]>;
    const environment: NodeJS.ProcessEnv = {
      PATH: process.env['PATH'],
      ...standardSettings,
      ...servers.environment,
      OC_PUBLIC_URL: `http://127.0.0.1:${portsOf.backend[0]}`,
      OC_BACKEND_URL: `http://127.0.0.1:${portsOf.backend[0]}`,
      OC_CLASSIFIER_URL: `http://127.0.0.1:${portsOf.classifier[0]}`,
      ...settings,
    };
    await prepareDatabases(environment);
    const create = (name: ServiceName, number: number): ServiceProcess => {
      const port = portsOf[name][number]!;
      const own = { [portVariables[name]]: String(port), OC_MODEL_CACHE_DIR: path.join(servers.folder, `models-${name}-${number}`) };
      return ServiceProcess.create(name, number, port, { ...environment, ...own }, path.join(servers.folder, 'logs'));
    };
    const services = Object.fromEntries(names.map((name) => [name, Array.from({ length: sizes[name] }, (_, number) => create(name, number))])) as Record<ServiceName, ServiceProcess[]>;
    const fleet = new Fleet(servers, services, String(environment['OC_SERVICE_TOKEN']));
    try {
      await Promise.all(fleet.all.map((service) => service.start()));
      return fleet;
    } catch (error) {
      await fleet.destroy();
      throw error;
    }
  }

  get all(): ServiceProcess[] {
    return Object.values(this.services).flat();
  }

  get backends(): readonly ServiceProcess[] {
    return this.services.backend;
  }

  get workers(): readonly ServiceProcess[] {
    return this.services.augmentations;
  }

  /** The `number`th of its kind, from 0. Throws RangeError when there are not so many. */
  service(name: ServiceName, number = 0): ServiceProcess {
    const service = this.services[name][number];
    if (!service) {
      throw new RangeError(`This fleet has no ${name} ${number}`);
    }
    return service;
  }

  /** Somebody who is signed in and uses every backend in turn. */
  async collector(): Promise<Collector> {
    const collector = new Collector(this.backends.map(({ url }) => url));
    await collector.signIn(administrator);
    return collector;
  }

  /** Ends every process at once. */
  async destroy(): Promise<void> {
    await Promise.all(this.all.map((service) => service.destroy()));
  }
}

/** Migrations and the first administrator, as every start of the platform has it. */
async function prepareDatabases(environment: NodeJS.ProcessEnv): Promise<void> {
  const program = fileURLToPath(new URL('../../standalone/dist/prepare.js', import.meta.url));
  const [code] = (await once(fork(program, [], { env: environment, execArgv: [] }), 'exit')) as [number | null];
  if (code !== 0) {
    throw new Error(`The databases could not be prepared (exit code ${code})`);
  }
}
