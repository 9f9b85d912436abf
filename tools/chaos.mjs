/**
 * npm run chaos [-- NAME…]: builds what changed, then breaks the platform on purpose, for up to an hour and a half:
 * bursts with killed workers and brokers, outages, a store that lies. Each run prints its seed and writes a report.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, setUp } from './setup.mjs';

const folder = 'apps/reliability-e2e/src';
const names = readdirSync(path.join(root, folder))
  .filter((file) => file.endsWith('.chaos.spec.ts'))
  .map((file) => file.replace('.chaos.spec.ts', ''))
  .sort();

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } });

if (values.help) {
  console.log(`Usage: npm run chaos [-- NAME…]

Runs the platform as several processes over real servers (RabbitMQ, PostgreSQL, Ceph, Redis, from the
system's packages) and breaks them. Without a name every run is made. Reports are written to data/chaos.

  npm run chaos
  npm run chaos -- burst
  CHAOS_SEED=1234 npm run chaos -- burst     the same random choices again
  CHAOS_MESSAGES=postgres CHAOS_OBJECTS=disk CHAOS_CACHE=memory npm run chaos     over the embedded parts

Runs: ${names.join(', ')}`);
  process.exit(0);
}

const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No run called ${unknown.join(', ')}. There are: ${names.join(', ')}`);
  process.exit(2);
}

setUp();
const files = (positionals.length > 0 ? positionals : names).map((name) => `${folder}/${name}.chaos.spec.ts`);
const { status } = spawnSync('npx', ['--no-install', 'vitest', 'run', '--project', 'chaos', '--disable-console-intercept', ...files], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' });
process.exit(status ?? 1);
