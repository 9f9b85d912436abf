// npm test: everything that CI checks. Sets the checkout up, then types, lint, unit, medium and e2e tests.
import { spawnSync } from 'node:child_process';
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
process.exit(failed.length > 0 ? 1 : 0);
