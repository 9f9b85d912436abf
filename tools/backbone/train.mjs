// npm run backbone -- train: makes the compact backbone again from nothing. What it takes and how long: docs/backbone.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const python = '/usr/bin/python3'; // Debian's own: the packages belong to it
const packages = ['python3-torch', 'python3-opencv'];
const help = `npm run backbone -- train [--teacher FILE] [--work FOLDER] [--minutes N] [--crops N] [--seed N] [--batch N]

Trains the compact backbone from nothing, by the answers of MobileNetV2 with ImageNet weights.
  --teacher FILE   those weights; without it they are looked for in data/backbone and, if need be, pulled
  --work FOLDER    pictures (1.1 GB out of Debian's packages), checkpoint and result; data/backbone-training by default
  --minutes N      stops after so long; the same command goes on from there
  --crops N, --seed N, --batch N   length, chance and step of the training, as in docs/backbone.md by default`;

function fail(message) {
  console.error(`✗ ${message}`);
  process.exit(1);
}

/** Feature maps stay with the process and lie on large pages: 40 crops of 224 px a second instead of 21 (glibc 2.36, 2 cores). */
const keepsMemory = 'glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184';
const environment = { GLIBC_TUNABLES: keepsMemory, ...process.env };

const runs = (command, args) => spawnSync(command, args, { cwd: root, stdio: 'inherit', env: environment }).status === 0;
const hasModules = () => spawnSync(python, ['-c', 'import cv2, numpy, torch']).status === 0;

function preparePython() {
  if (hasModules()) {
    return;
  }
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    fail(`PyTorch and OpenCV for Python are needed. On Debian: sudo apt-get ${install.join(' ')}`);
  }
  const isDone = () => runs('apt-get', ['-q', ...install]) && hasModules();
  if (!isDone() && !(runs('apt-get', ['-q', 'update']) && isDone())) {
    fail(`Could not be installed: ${packages.join(' ')}`);
  }
}

function findTeacher() {
  const folder = path.join(root, 'data', 'backbone');
  const name = existsSync(folder) && readdirSync(folder).find((file) => file.endsWith('.safetensors'));
  return name ? path.join(folder, name) : undefined;
}

function pullTeacher() {
  if (!runs(process.execPath, [path.join(root, 'tools', 'cli.mjs'), 'backbone', 'pull'])) {
    fail('The teacher is needed: MobileNetV2 1.0 with ImageNet weights. Name its file with --teacher');
  }
  return findTeacher();
}

function readArguments(args) {
  const texts = ['teacher', 'work', 'minutes', 'crops', 'seed', 'batch'].map((name) => [name, { type: 'string' }]);
  try {
    return parseArgs({ args, options: { ...Object.fromEntries(texts), help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    return fail(`${error.message}\n\n${help}`);
  }
}

/** Runs the training with the command line's arguments; ends the process where it can't. */
export function train(args) {
  const values = readArguments(args);
  if (values.help) {
    console.log(help);
    return;
  }
  if (values.teacher && !existsSync(path.resolve(root, values.teacher))) {
    fail(`There is no file ${values.teacher}`);
  }
  preparePython();
  const settings = { ...values, teacher: values.teacher ?? findTeacher() ?? pullTeacher(), work: values.work ?? path.join(root, 'data', 'backbone-training') };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  process.exitCode = runs(python, ['-W', 'ignore', path.join(here, 'train.py'), ...flags]) ? 0 : 1;
}
