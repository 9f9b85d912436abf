import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { freePorts } from './free-ports.js';
import { findProgram, makeDataFolder, removeDataFolder, run, ServerProcess, type TestServer } from './server-process.js';

/** A RabbitMQ node with a port mapper of its own, all on 127.0.0.1. */
export class RabbitServer implements TestServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly portMapper: ServerProcess,
    private node: ServerProcess,
  ) {}

  static isInstalled(): boolean {
    return findProgram('rabbitmq-server') !== undefined;
  }

  static async start(): Promise<RabbitServer> {
    const [port, mapperPort, distributionPort] = (await freePorts(3)) as [number, number, number];
    const folder = await makeDataFolder('rabbit');
    const environment = prepare(folder, port, mapperPort, distributionPort);
    // Started first and by us: RabbitMQ's own tools would start one that listens on every address.
    const portMapper = ServerProcess.start('epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'], { logFile: path.join(folder, 'log', 'epmd'), env: environment });
    return new RabbitServer(folder, port, environment, portMapper, await launch(folder, port, environment));
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** e.g. `ctl('close_all_connections', 'test')`; answers what it said. Takes a second or two. */
  ctl(...command: string[]): Promise<string> {
    return run(path.join(programs, 'rabbitmqctl'), ['-q', ...command], { env: this.environment });
  }

  /** As a crash does. */
  kill(): Promise<void> {
    return this.node.end('SIGKILL');
  }

  /** As an update does: the node ends properly, its data stay. */
  shutDown(): Promise<void> {
    return this.node.end('SIGTERM', 30_000);
  }

  /** Stops answering without closing a connection, until `resume`. */
  pause(): void {
    this.node.signal('SIGSTOP');
  }

  resume(): void {
    this.node.signal('SIGCONT');
  }

  /** On the same port, with the data that is left. Resolves when it takes connections. */
  async startAgain(): Promise<void> {
    this.node = await launch(this.folder, this.port, this.environment);
  }

  async stop(): Promise<void> {
    this.resume();
    await this.node.end('SIGTERM', 5_000);
    await this.portMapper.end('SIGKILL');
    removeDataFolder(this.folder);
  }
}

function prepare(folder: string, port: number, mapperPort: number, distributionPort: number): NodeJS.ProcessEnv {
  for (const name of ['home', 'mnesia', 'log', 'generated']) {
    mkdirSync(path.join(folder, name));
  }
  const configuration = [
    `listeners.tcp.1 = 127.0.0.1:${port}`,
    'loopback_users.guest = true',
    'log.console = false',
    'log.file.level = info',
    'vm_memory_high_watermark.absolute = 1GB',
    'disk_free_limit.absolute = 100MB',
  ];
  writeFileSync(path.join(folder, 'rabbitmq.conf'), `${configuration.join('\n')}\n`);
  writeFileSync(path.join(folder, 'enabled_plugins'), '[].');
  writeFileSync(path.join(folder, 'rabbitmq-env.conf'), '');
  return {
    PATH: process.env['PATH'],
    HOME: path.join(folder, 'home'),
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `test${port}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: path.join(folder, 'log'),
    RABBITMQ_GENERATED_CONFIG_DIR: path.join(folder, 'generated'),
    RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: path.join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: path.join(folder, 'enabled_plugins'),
    RABBITMQ_PID_FILE: path.join(folder, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none -rabbit quorum_tick_interval 500',
  };
}

// Debian's wrappers in /usr/sbin change the user and thereby the environment; this is what they start.
const programs = '/usr/lib/rabbitmq/bin';

async function launch(folder: string, port: number, environment: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const node = ServerProcess.start(path.join(programs, 'rabbitmq-server'), [], { logFile: path.join(folder, 'log', 'out'), env: environment });
  await node.untilReady('RabbitMQ', () => speaksAmqp(port));
  return node;
}

/** The broker answers a wrong protocol header with its own; a port that is merely open does not. */
function speaksAmqp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('AMQP\0\0\0\0'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (answer) => {
      resolve(answer.toString('latin1').startsWith('AMQP'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
