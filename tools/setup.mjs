// Everything a fresh checkout needs before it runs: packages, the native index, the build.
// Plain Node.js, since nothing is installed yet when it begins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stamp = path.join(root, 'node_modules', '.installed-lock');

/** Prints what is being done; ends the process with one line when a needed step fails. */
export function step(title, work) {
  const startedAt = Date.now();
  process.stdout.write(`· ${title} … `);
  const problem = work();
  if (problem) {
    process.stdout.write('failed\n');
    console.error(`✗ ${problem}`);
    process.exit(1);
  }
  process.stdout.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim() };
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isRecent = major > 20 || (major === 20 && minor >= 19);
  return isRecent ? undefined : `Node.js 20.19 or newer is needed, this is ${process.versions.node}: see https://nodejs.org`;
}

function installPackages() {
  const { ok, output } = run('npm', ['ci', '--no-progress', '--loglevel=error']);
  if (!ok) {
    return `The packages could not be installed ("npm ci" failed): ${output.split('\n').slice(-4).join(' ')}`;
  }
  writeFileSync(stamp, lockHash());
}

const lockHash = () => createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json'))).digest('hex');
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();

/**
 * Compiles what changed; answers what is wrong, or undefined. TypeScript 7, written in Go, builds in a
 * fifth of the time; version 6 stays for the linter, which needs its programming interface.
 *
 * @param projects folders with a tsconfig.json; the whole workspace by default
 */
export function build(...projects) {
  const { ok, output } = run(process.execPath, [path.join('node_modules', 'typescript-7', 'bin', 'tsc'), '-b', ...projects]);
  return ok ? undefined : `The build failed:\n${output}`;
}

/** Prepares the checkout; quick when nothing changed since the last time. */
export function setUp() {
  const problem = checkNode();
  if (problem) {
    console.error(`✗ ${problem}`);
    process.exit(1);
  }
  if (!isInstalled()) {
    step('Installing packages (about a minute, once)', installPackages);
  }
  const index = run(process.execPath, [path.join('tools', 'build-faiss.mjs')]);
  if (index.output) {
    console.log(index.output);
  }
  step('Building', () => build());
}

/** The same for one project and what it imports, which takes a second or two where packages are installed. */
export function setUpOnly(project) {
  if (!existsSync(path.join(root, 'node_modules'))) {
    setUp();
    return;
  }
  const problem = build(project);
  if (problem) {
    console.error(`✗ ${problem}`);
    process.exit(1);
  }
}
