/**
 * What the benchmarks share: timing, medians, the machine's description, the table,
 * and Python peers that stay running, so that our runs and theirs can alternate.
 *
 * A benchmark is a file `bench/NAME.bench.mjs` over the built packages:
 *
 *     export const title = 'Nine variants of a 12-megapixel photo';
 *     export async function run({ row, note }) {
 *       const { ours, peer } = await alternate({ ours: renderNine, peer: () => opencv?.ask({ size: 640 }), rounds: 7 });
 *       row({ what: 'long side 640', ours, peer, peerName: 'OpenCV', unit: 'ms', better: 'lower' });
 *     }
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type as osType } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';

/** Debian's own Python: the packages python3-opencv, python3-torch and python3-faiss belong to it, not to one earlier on PATH. */
export const pythonPath = '/usr/bin/python3';

/** The middle value; of an even number, the mean of the two in the middle. Throws RangeError on an empty list. */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * The value below which `share` (0 to 1) of them lie, interpolated linearly (type 7 of Hyndman and Fan, 1996).
 * Throws RangeError on an empty list.
 */
export function quantile(values, share) {
  if (values.length === 0) {
    throw new RangeError('a quantile of no values');
  }
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const rest = position - below;
  return rest === 0 ? sorted[below] : sorted[below] * (1 - rest) + sorted[below + 1] * rest;
}

/** Wall time of one call in milliseconds. A call that answers `{ ms }` has timed itself: that is taken. */
export async function timed(work) {
  const start = performance.now();
  const answer = await work();
  return typeof answer?.ms === 'number' ? answer.ms : performance.now() - start;
}

/** Times `work` `rounds` times after `warmup` untimed calls. Milliseconds, in order. */
export async function measure(work, { rounds = 7, warmup = 1 } = {}) {
  for (let i = 0; i < warmup; i += 1) {
    await work();
  }
  const samples = [];
  for (let i = 0; i < rounds; i += 1) {
    samples.push(await timed(work));
  }
  return samples;
}

/**
 * Times ours and the peer's in turns, changing who goes first, so that both meet the same machine.
 * Without a peer (undefined) only ours is timed and `peer` is undefined.
 */
export async function alternate({ ours, peer, rounds = 7, warmup = 1 }) {
  const samples = { ours: [], peer: peer ? [] : undefined };
  for (let i = -warmup; i < rounds; i += 1) {
    const turns = peer ? [['ours', ours], ['peer', peer]] : [['ours', ours]];
    for (const [who, work] of i % 2 === 0 ? turns : turns.reverse()) {
      const ms = await timed(work);
      if (i >= 0) {
        samples[who].push(ms);
      }
    }
  }
  return samples;
}

/**
 * A Python program in `bench/peers/` that answers one JSON line for each JSON line it is asked.
 * It times itself and answers `{ "ms": … }`, so that the pipe does not count.
 */
export class PythonPeer {
  #process;
  #waiting = [];
  #errors = '';

  constructor(process) {
    this.#process = process;
    createInterface({ input: process.stdout }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    process.stderr.on('data', (chunk) => (this.#errors = (this.#errors + chunk).slice(-2000)));
    process.on('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) {
        reject(new Error(`the Python peer ended: ${this.#errors}`));
      }
    });
  }

  /**
   * @param script file name in `bench/peers/`
   * @param modules what it imports, e.g. `['cv2']`; when one is missing a note says so and the answer is undefined
   */
  static start(script, { modules, note, environment = {} }) {
    const missing = missingPythonModules(modules);
    if (missing.length > 0) {
      note(`peer left out: ${pythonPath} has no ${missing.join(', ')}`);
      return undefined;
    }
    const file = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
    return new PythonPeer(spawn(pythonPath, ['-u', file], { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** One JSON value there, one back. Rejects with the end of its standard error when it dies. */
  ask(request) {
    if (this.#process.exitCode !== null) {
      return Promise.reject(new Error(`the Python peer ended: ${this.#errors}`));
    }
    const line = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return line.then((text) => JSON.parse(text));
  }

  stop() {
    this.#process.stdin.end();
  }
}

/** Those of `modules` that Debian's Python can't import; all of them when there is no such Python. */
export function missingPythonModules(modules) {
  const probe = 'import importlib.util, sys; print("\\n".join(m for m in sys.argv[1:] if importlib.util.find_spec(m) is None))';
  const { status, stdout } = spawnSync(pythonPath, ['-c', probe, ...modules], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter(Boolean) : modules;
}

/** One line each: machine, Node.js and the versions of the packages that do the work. */
export function describeMachine() {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(1);
  const versions = ['sharp', 'onnxruntime-node', '@tensorflow/tfjs-core', 'faiss-node', 'typeorm', 'pg-boss']
    .map((name) => `${name} ${installedVersion(name) ?? 'not installed'}`);
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, ${gigabytes} GiB, ${osType()} ${release()}`,
    `Node.js ${process.versions.node}; ${versions.join(', ')}`,
  ];
}

function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/**
 * How many times as good as the peer; above 1 we are ahead.
 *
 * @param better which direction is good: `lower` for times and sizes, `higher` for rates and scores
 */
export function ratioToPeer(ours, peer, better) {
  return better === 'lower' ? peer / ours : ours / peer;
}

/** Three significant digits, no exponent: 1234, 56.7, 0.0123. */
export function formatFigure(value) {
  return Math.abs(value) >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}

/** A number stands for itself, samples for their median with smallest and largest. */
function formatMeasured(measured) {
  return Array.isArray(measured)
    ? `${formatFigure(median(measured))} (${formatFigure(Math.min(...measured))} to ${formatFigure(Math.max(...measured))})`
    : formatFigure(measured);
}

const middle = (measured) => (Array.isArray(measured) ? median(measured) : measured);

/** Runs one benchmark and prints its table. What it throws becomes a line, and the answer is false. */
export async function runBenchmark(name, benchmark, print = console.log) {
  print(`\n${name}: ${benchmark.title}`);
  const rows = [];
  const notes = [];
  try {
    await benchmark.run({
      /**
       * `ours` and `peer` are numbers or lists of samples; `aim` is a limit that should hold: at most it when lower
       * is better, else at least it.
       */
      row: (measured) => rows.push(measured),
      note: (text) => notes.push(text),
    });
  } catch (error) {
    print(renderTable(rows));
    print(`  failed: ${error.stack ?? error}`);
    return false;
  }
  print(renderTable(rows));
  notes.forEach((text) => print(`  ${text}`));
  return true;
}

/** The rows as text; an empty string for none. */
export function renderTable(rows) {
  if (rows.length === 0) {
    return '';
  }
  const table = new Table({
    head: ['', 'unit', 'ours', 'peer', 'times as good', 'aim'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
  });
  for (const { what, ours, peer, peerName = 'peer', unit, better, aim } of rows) {
    table.push([
      what,
      unit,
      formatMeasured(ours),
      peer === undefined ? '' : `${peerName} ${formatMeasured(peer)}`,
      peer === undefined ? '' : ratioToPeer(middle(ours), middle(peer), better).toFixed(2),
      aim === undefined ? '' : describeAim(middle(ours), aim, better),
    ]);
  }
  return table.toString();
}

function describeAim(value, aim, better) {
  const holds = better === 'lower' ? value <= aim : value >= aim;
  return `${better === 'lower' ? 'at most' : 'at least'} ${formatFigure(aim)}: ${holds ? 'yes' : 'NO'}`;
}
