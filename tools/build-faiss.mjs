// Builds the native part of faiss-node against Debian's libfaiss-dev, which takes about ten seconds, once.
// Its own installer would fetch a binary from GitHub, which is not always reachable.
// Never fails the start: without it the platform searches with its own exact index.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);
const longestStepMs = 300_000;
const debianPackages = ['g++', 'libfaiss-dev', 'liblapack-dev', 'libopenblas0-pthread'];

/** In a process of its own, since a library that is linked wrongly ends the process. */
const tryOut = `
  const { IndexFlatIP } = require(process.argv[1]);
  const index = new IndexFlatIP(2);
  index.add([1, 0, 0, 1]);
  const { labels } = index.search(new Array(100).fill([0, 1]).flat(), 1);
  process.exit(labels.every((row) => row === 1) ? 0 : 1);
`;

/** faiss-node is written for FAISS 1.7.4; in Debian 12's 1.7.3 this type is a member of Index. */
const typeOfIds = `
#include <faiss/Index.h>
#if FAISS_VERSION_MAJOR == 1 && FAISS_VERSION_MINOR == 7 && FAISS_VERSION_PATCH < 4
namespace faiss { using idx_t = Index::idx_t; }
#endif
`;

try {
  buildIfMissing();
} catch (error) {
  console.log(`· No FAISS index (${error.message}): the platform searches with its own exact index`);
}

function buildIfMissing() {
  const faissNode = packageFolder('faiss-node');
  const addonApi = packageFolder('node-addon-api');
  if (!faissNode || !addonApi) {
    throw new Error('the optional package faiss-node is not installed');
  }
  const target = path.join(faissNode, 'build', 'Release', 'faiss-node.node');
  if (existsSync(target)) {
    return;
  }
  if (process.platform !== 'linux') {
    throw new Error(`it is only built on Debian and its relatives, this is ${process.platform}`);
  }
  const nodeHeaders = findNodeHeaders();
  if (!isLibraryInstalled()) {
    installLibrary(path.join(faissNode, 'install-failed'));
  }
  build({ source: path.join(faissNode, 'src', 'faiss.cc'), headers: [nodeHeaders, addonApi], target });
  console.log('· The FAISS index is built');
}

function findNodeHeaders() {
  const places = [path.join(process.execPath, '..', '..', 'include', 'node'), '/usr/include/node'];
  const headers = places.find((folder) => existsSync(path.join(folder, 'node_api.h')));
  if (!headers) {
    throw new Error("Node.js's header files (node_api.h) are not beside its binary");
  }
  return headers;
}

function packageFolder(name) {
  try {
    return path.dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function isLibraryInstalled() {
  return existsSync('/usr/include/faiss/Index.h') && succeeds('g++', ['--version']);
}

/** @param failedBefore made when it fails, so that not every start waits for a network that isn't there */
function installLibrary(failedBefore) {
  const byHand = `apt-get install ${debianPackages.join(' ')}`;
  if (!succeeds('apt-get', ['--version'])) {
    throw new Error('libfaiss-dev is missing, and there is no apt-get to install it');
  }
  if (process.getuid() !== 0) {
    throw new Error(`libfaiss-dev is missing: run "sudo ${byHand}" and start again`);
  }
  if (existsSync(failedBefore)) {
    throw new Error(`"${byHand}" failed before: run it by hand and start again`);
  }
  console.log('· Installing libfaiss-dev for the FAISS index');
  const install = () => succeeds('apt-get', ['install', '-y', '--no-install-recommends', ...debianPackages]);
  if (!install() && !(succeeds('apt-get', ['update']) && install())) {
    writeFileSync(failedBefore, '');
    throw new Error(`"${byHand}" failed`);
  }
}

function build({ source, headers, target }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'build-faiss-'));
  try {
    const shim = path.join(folder, 'shim.h');
    writeFileSync(shim, typeOfIds);
    const built = path.join(folder, 'faiss-node.node');
    const compiler = run('g++', [
      '-O3', '-fPIC', '-shared', '-std=c++17', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-include', shim,
      ...headers.map((folder) => `-I${folder}`), source, '-o', built,
      // libfaiss is a static archive: without LAPACK and BLAS it loads, and ends the process at its first batch.
      '-lfaiss', '-llapack', '-lblas', '-fopenmp',
    ]);
    if (compiler.status !== 0) {
      throw new Error(`the compiler failed: ${lastLine(compiler.stderr)}`);
    }
    const trial = run(process.execPath, ['-e', tryOut, built]);
    if (trial.status !== 0) {
      throw new Error(`what was built doesn't work: ${lastLine(trial.stderr)}`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    moveInto(built, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By copy and rename: a process that starts meanwhile finds all of the file or none. */
function moveInto(from, to) {
  const beside = `${to}.new`;
  copyFileSync(from, beside);
  renameSync(beside, to);
}

function run(command, args) {
  return spawnSync(command, args, { encoding: 'utf8', timeout: longestStepMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

function succeeds(command, args) {
  return run(command, args).status === 0;
}

function lastLine(text) {
  return text?.trim().split('\n').at(-1)?.slice(0, 200) || 'no message';
}
