import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePorts } from './free-ports.js';
import { findProgram, makeDataFolder, removeDataFolder, run, ServerProcess, type TestServer } from './server-process.js';

const ACCESS_KEY = 'testaccesskey';
const SECRET_KEY = 'testsecretkey123';
const POOLS = ['.rgw.root', 'default.rgw.log', 'default.rgw.control', 'default.rgw.meta', 'default.rgw.buckets.index', 'default.rgw.buckets.data', 'default.rgw.buckets.non-ec'];

/** Ceph's object gateway over one monitor and one store in memory: an S3 server that checks signatures and checksums. */
export class S3Server implements TestServer {
  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly monitor: ServerProcess,
    private readonly store: ServerProcess,
    private gateway: ServerProcess,
  ) {}

  static isInstalled(): boolean {
    return ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph'].every((name) => findProgram(name) !== undefined);
  }

  static async start(): Promise<S3Server> {
    const ports = (await freePorts(7)) as [number, number, number, ...number[]];
    const folder = await makeDataFolder('s3');
    for (const name of ['mon', 'osd', 'run', 'log']) {
      mkdirSync(path.join(folder, name));
    }
    const fsid = randomUUID();
    writeFileSync(path.join(folder, 'ceph.conf'), configuration(folder, fsid, ports));
    const monitor = await startMonitor(folder, fsid, ports);
    const store = await startStore(folder);
    const ceph = cephIn(folder);
    for (const pool of POOLS) {
      await ceph('osd', 'pool', 'create', pool, '1', '1');
      await ceph('osd', 'pool', 'application', 'enable', pool, 'rgw');
    }
    const gateway = await startGateway(folder, ports[0]);
    await run('radosgw-admin', ['-c', 'ceph.conf', '-n', 'client.rgw', 'user', 'create', '--uid=test', '--display-name=test', `--access-key=${ACCESS_KEY}`, `--secret-key=${SECRET_KEY}`, '--max-buckets=0'], inFolder(folder));
    return new S3Server(folder, ports[0], monitor, store, gateway);
  }

  /** `http://key:secret@127.0.0.1:port/region` */
  get url(): string {
    return `http://${ACCESS_KEY}:${SECRET_KEY}@127.0.0.1:${this.port}/us-east-1`;
  }

  /** Takes the gateway away; objects stay in memory. */
  kill(): Promise<void> {
    return this.gateway.end('SIGKILL');
  }

  /** Stops answering without closing a connection, until `resume`. */
  pause(): void {
    this.gateway.signal('SIGSTOP');
  }

  resume(): void {
    this.gateway.signal('SIGCONT');
  }

  async startAgain(): Promise<void> {
    this.gateway = await startGateway(this.folder, this.port);
  }

  async stop(): Promise<void> {
    // All is in memory: there is nothing to write down.
    await Promise.all([this.gateway, this.store, this.monitor].map((process) => process.end('SIGKILL')));
    removeDataFolder(this.folder);
  }
}

const inFolder = (folder: string) => ({ cwd: folder, env: { ...process.env, CEPH_CONF: path.join(folder, 'ceph.conf') } });
const cephIn = (folder: string) => (...args: string[]) => run('ceph', ['-c', 'ceph.conf', ...args], inFolder(folder));

async function startMonitor(folder: string, fsid: string, [, messenger, oldMessenger]: readonly [number, number, number, ...number[]]): Promise<ServerProcess> {
  const keys: [string, string[]][] = [
    ['mon.', ['--cap', 'mon', 'allow *']],
    ['client.admin', ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *']],
    ['osd.0', ['--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *']],
    ['client.rgw', ['--cap', 'mon', 'allow rwx', '--cap', 'osd', 'allow rwx']],
  ];
  for (const [index, [name, capabilities]] of keys.entries()) {
    await run('ceph-authtool', [...(index === 0 ? ['--create-keyring'] : []), 'keyring', '--gen-key', '-n', name, ...capabilities], inFolder(folder));
  }
  await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', `[v2:127.0.0.1:${messenger},v1:127.0.0.1:${oldMessenger}]`, 'monmap'], inFolder(folder));
  await run('ceph-mon', ['-c', 'ceph.conf', '--mkfs', '-i', 'a', '--keyring', 'keyring', '--monmap', 'monmap'], inFolder(folder));
  const monitor = ServerProcess.start('ceph-mon', ['-c', 'ceph.conf', '-i', 'a', '-f'], { ...inFolder(folder), logFile: path.join(folder, 'log', 'mon.out') });
  await monitor.untilReady("Ceph's monitor", async () => (await cephIn(folder)('-s', '--connect-timeout', '5')) !== '');
  return monitor;
}

async function startStore(folder: string): Promise<ServerProcess> {
  const ceph = cephIn(folder);
  const uuid = randomUUID();
  await ceph('osd', 'new', uuid);
  await run('ceph-osd', ['-c', 'ceph.conf', '-i', '0', '--mkfs', '--osd-uuid', uuid], inFolder(folder));
  await ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'root=default').catch(() => {}); // it may have joined by itself
  const store = ServerProcess.start('ceph-osd', ['-c', 'ceph.conf', '-i', '0', '-f'], { ...inFolder(folder), logFile: path.join(folder, 'log', 'osd.out') });
  await store.untilReady("Ceph's store", async () => (await ceph('osd', 'stat')).includes('1 up'));
  return store;
}

async function startGateway(folder: string, port: number): Promise<ServerProcess> {
  const gateway = ServerProcess.start('radosgw', ['-c', 'ceph.conf', '-n', 'client.rgw', '-f'], { ...inFolder(folder), logFile: path.join(folder, 'log', 'rgw.out') });
  await gateway.untilReady("Ceph's gateway", async () => (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) })).ok);
  return gateway;
}

/**
 * Settings that let one machine be a cluster, start in seconds and use little memory.
 * Without `tcp_nodelay` every body waits 40 ms for an acknowledgement.
 */
function configuration(folder: string, fsid: string, [port, messenger, oldMessenger, ...storePorts]: readonly [number, number, number, ...number[]]): string {
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${messenger},v1:127.0.0.1:${oldMessenger}]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind ipv6 = false
ms bind port min = ${Math.min(...storePorts)}
ms bind port max = ${Math.max(...storePorts) + 40}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
paxos propose interval = 0.05
paxos min wait = 0.01
mon tick interval = 1
osd pg stat report interval max = 1
mgr connect retry interval = 0.2
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon max pg per osd = 2000
mon warn on pool no redundancy = false
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
run dir = ${folder}/run
admin socket =
log file = ${folder}/log/$name.log
mon cluster log file = ${folder}/log/cluster.log
keyring = ${folder}/keyring
mon data = ${folder}/mon
osd data = ${folder}/osd
osd class dir = /usr/lib/x86_64-linux-gnu/rados-classes
crash dir = ${folder}/log
mon data avail crit = 1
mon data avail warn = 2
mon compact on start = false
[client.rgw]
rgw data = ${folder}/run
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw enable usage log = false
rgw enable ops log = false
rgw relaxed s3 bucket names = false
rgw thread pool size = 32
rgw gc max objs = 2
rgw lc max objs = 1
rgw num control oids = 1
rgw objexp hints num shards = 2
rgw usage max shards = 1
rgw data log num shards = 1
rgw md log max shards = 1
rgw reshard num logs = 1
rgw dynamic resharding = false
rgw enable quota threads = false
rgw run sync thread = false
debug rgw = 0
`;
}
