// Installs the servers that tests and `npm run services` start, from Debian's packages: node tools/install-servers.mjs, as root.
// None of them is left running or starts with the machine: the project starts its own, on 127.0.0.1.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const servers = [
  { name: 'RabbitMQ', packages: ['rabbitmq-server'], units: ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'] },
  { name: 'PostgreSQL 15', packages: ['postgresql-15'], units: ['postgresql.service'] },
  { name: 'Redis', packages: ['redis-server'], units: ['redis-server.service'] },
  { name: "Ceph's S3", packages: ['ceph-mon', 'ceph-osd', 'radosgw'], units: ['ceph.target', 'ceph-crash.service', 'ceph-mon.target', 'ceph-osd.target', 'ceph-radosgw.target'] },
];

/** Debian asks this program whether a package may start its services; 101 is no. */
const policy = '/usr/sbin/policy-rc.d';
const NO = 101;
const INSTALL_TIMEOUT_MS = 300_000;

const command = (name, ...args) => spawnSync(name, args, { encoding: 'utf8' });
const isInstalled = (name) => command('dpkg-query', '-W', '-f', '${db:Status-Status}', name).stdout === 'installed';
const hasUnit = (unit) => existsSync(`/lib/systemd/system/${unit}`);

function apt(...args) {
  const result = spawnSync('apt-get', ['-q', '-y', '-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '-o', 'DPkg::Lock::Timeout=60', ...args], {
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
    // Run level 1: what asks no policy starts no services there either.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', PREVLEVEL: 'N' },
  });
  return result.status === 0;
}

/** Answers why nothing can be installed here, or undefined. */
function obstacle() {
  if (!existsSync('/etc/debian_version') || command('apt-get', '--version').status !== 0) {
    return 'this is no Debian: use its package manager';
  }
  if (process.getuid?.() !== 0) {
    return 'sudo node tools/install-servers.mjs';
  }
  return undefined;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `work` while no package may start a service. Answers false, and does nothing, where the machine's own policy lets them start. */
function whileNothingStarts(work) {
  if (existsSync(policy)) {
    const isStrict = isExecutable(policy) && servers.every(({ units }) => command(policy, units[0].replace(/\..*$/, ''), 'start').status === NO);
    return isStrict && (work(), true);
  }
  // A Ctrl-C meanwhile ends apt-get; this process goes on to take its policy away.
  const wait = () => {};
  process.on('SIGINT', wait).on('SIGTERM', wait);
  writeFileSync(policy, `#!/bin/sh\nexit ${NO}\n`, { mode: 0o755, flag: 'wx' });
  try {
    work();
  } finally {
    rmSync(policy, { force: true });
    process.off('SIGINT', wait).off('SIGTERM', wait);
  }
  return true;
}

function install(missing) {
  let hasFreshLists = false;
  for (const { name, packages, units } of missing) {
    const startedAt = Date.now();
    process.stdout.write(`· Installing ${name} (${packages.join(' ')}) … `);
    const newUnits = units.filter((unit) => !hasUnit(unit)); // a service that was there before is somebody's
    const get = () => apt('install', '--no-install-recommends', ...packages);
    let isDone = get();
    if (!isDone && !hasFreshLists) {
      hasFreshLists = apt('update');
      isDone = hasFreshLists && get();
    }
    const unwanted = newUnits.filter(hasUnit);
    if (unwanted.length > 0) {
      command('systemctl', 'disable', ...unwanted);
    }
    process.stdout.write(isDone ? `${((Date.now() - startedAt) / 1000).toFixed(1)} s\n` : 'failed\n');
  }
}

/** Installs what is missing where that is possible; quick when nothing is. Answers what to do about the rest, in words, or undefined. */
export function installServers() {
  const isMissing = ({ packages }) => !packages.every(isInstalled);
  const missing = servers.filter(isMissing);
  if (missing.length === 0) {
    return undefined;
  }
  const all = (list) => `${list.map(({ name }) => name).join(', ')} (${list.flatMap(({ packages }) => packages).join(' ')})`;
  const why = obstacle();
  if (why) {
    return `Not installed: ${all(missing)}. To install: ${why}`;
  }
  try {
    if (!whileNothingStarts(() => install(missing))) {
      return `Not installed: ${all(missing)}. ${policy} lets packages start services: install them by hand, and see that none listens`;
    }
  } catch (error) {
    return `Not installed: ${all(missing)}. ${error.message}`;
  }
  const left = servers.filter(isMissing);
  return left.length > 0 ? `Could not be installed: ${all(left)}` : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problem = installServers();
  console.log(problem ?? 'RabbitMQ, PostgreSQL 15, Redis and Ceph are installed.');
  process.exit(problem ? 1 : 0);
}
