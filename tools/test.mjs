// npm test: everything that CI checks. Sets the checkout up, then types, lint, unit, medium and e2e tests.
import { spawnSync } from 'node:child_process';
import { installServers } from './install-servers.mjs';
import { root, setUp } from './setup.mjs';

const bin = (name, ...args) => ['npx', ['--no-install', name, ...args]];
const suites = [
  ['Structure of the workspace', ...bin('nx', 'show', 'projects', '--json'), { quiet: true }],
  ['Lint and boundaries', ...bin('eslint', '.', '--max-warnings', '0')],
  ['Unit tests', ...bin('vitest', 'run', '--project', 'unit')],
  ['Medium tests (one real part each)', ...bin('vitest', 'run', '--project', 'medium')],
  ['End-to-end tests (the running platform)', ...bin('vitest', 'run', '--project', 'e2e')],
];

setUp();
const notInstalled = installServers();
const failed = [];
for (const [title, command, args, options] of suites) {
  console.log(`\n── ${title}`);
  const startedAt = Date.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: options?.quiet ? ['ignore', 'ignore', 'inherit'] : ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NX_DAEMON: 'false' },
    shell: process.platform === 'win32',
  });
  console.log(`── ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  if (status !== 0) {
    failed.push(title);
  }
}

if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}`);
}
console.log(`\n${suites.length - failed.length} passed, ${failed.length} failed`);
await tellLeftOut();
process.exit(failed.length > 0 ? 1 : 0);

/** Tests that need a server leave themselves out where there is none. */
async function tellLeftOut() {
  const { installedServers } = await import('@repo/servers'); // built only now
  const { installed, missing } = installedServers();
  const elsewhere = Object.entries({ 'SQL Server': 'TEST_MSSQL_URL', MinIO: 'TEST_S3_URL' });
  const used = [...installed, ...elsewhere.flatMap(([name, variable]) => (process.env[variable] ? name : []))];
  const leftOut = [...missing, ...elsewhere.flatMap(([name, variable]) => (process.env[variable] ? [] : `${name} (${variable})`))];
  console.log(`Real servers tested against: ${used.join(', ') || 'none'}. Left out: ${leftOut.join(', ') || 'none'}`);
  if (notInstalled) {
    console.log(notInstalled);
  }
}
