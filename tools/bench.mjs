/**
 * npm run bench [-- NAME…]: builds what changed, then runs bench/*.bench.mjs and prints, with the
 * machine and the versions, our figures beside the peers'.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, runBenchmark } from '../bench/harness.mjs';
import { build } from './setup.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const names = readdirSync(`${root}bench`)
  .filter((file) => file.endsWith('.bench.mjs'))
  .map((file) => file.replace('.bench.mjs', ''))
  .sort();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' }, 'no-build': { type: 'boolean' } },
});

if (values.help) {
  console.log(`Usage: npm run bench [-- NAME…] [--no-build]

Measures the platform beside its peers and prints the machine, the versions,
medians and ratios. Without a name every benchmark runs.

  npm run bench
  npm run bench -- ${names[0] ?? 'NAME'}

Benchmarks: ${names.join(', ') || 'none'}`);
  process.exit(0);
}

const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark called ${unknown.join(', ')}. There are: ${names.join(', ') || 'none'}`);
  process.exit(2);
}

if (!values['no-build']) {
  console.log('Building what changed…');
  const problem = build();
  if (problem) {
    console.error(`${problem}\nWith --no-build the last build is measured.`);
    process.exit(1);
  }
}

describeMachine().forEach((line) => console.log(line));
const failed = [];
for (const name of positionals.length > 0 ? positionals : names) {
  const benchmark = await import(`../bench/${name}.bench.mjs`);
  if (!(await runBenchmark(name, benchmark))) {
    failed.push(name);
  }
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
}
// Native pools and idle connections of what was measured must not keep the command open.
process.exit(failed.length > 0 ? 1 : 0);
