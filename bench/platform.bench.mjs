/**
 * The whole platform as a person runs it, through its public door: how well it recognises photos
 * that it has not seen, how soon an upload is worked off, and what the API does meanwhile.
 * With `../shared/data` the photos are the flowers and the large ones there; else they are drawn.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ApiClient } from '../apps/cli/dist/api-client.js';
import { PlatformProcess } from '../apps/cli/dist/platform-process.js';
import { drawSample, sampleKinds } from '@repo/samples';
import { median, quantile } from './harness.mjs';

export const title = 'The platform through its public door';

const data = new URL('../../shared/data/', import.meta.url);
const SPLITS = 3;
const TRAINED_PER_CLASS = 30;
const UPLOADS = 150;
const never = new AbortController().signal;

export async function run({ row, note }) {
  const classes = await readClasses(note);
  await measureLoad(classes, row, note);
  await measureRecognition(classes, row, note);
}

/** Uploads one at a time, then many in a row, with a reader who lists items meanwhile. */
async function measureLoad(classes, row, note) {
  await withPlatform({ OC_TRAINING_MIN_NEW_PHOTOS: '100000' }, async (client, platform) => {
    const large = await largePhoto();
    const before = await until(augmented(platform, 0));
    const single = [];
    for (let i = 0; i < 15; i += 1) {
      const startedAt = performance.now();
      await client.createItem({ nome: `large ${i}`, categoria: 'Flores', fotos: [large] });
      await until(augmented(platform, before + i + 1), 5);
      single.push(performance.now() - startedAt);
    }
    row({ what: 'upload of 12 megapixels to all rows and objects', unit: 'ms', better: 'lower', ours: single.slice(3), aim: 1000 });

    const photos = classes.flatMap(({ name, photos }) => photos.map((photo) => ({ name, photo }))).slice(0, UPLOADS);
    const memory = [];
    let isDone = false;
    const reader = new Worker(new URL('./reader.worker.mjs', import.meta.url), { workerData: { url: platform.url, token: platform.token } });
    const watcher = (async () => {
      while (!isDone) {
        memory.push(platform.memoryMB());
        await sleep(500);
      }
    })();
    const startedAt = performance.now();
    for (const [index, { name, photo }] of photos.entries()) {
      await client.createItem({ nome: `item ${index}`, categoria: name, fotos: [index % 10 === 0 ? large : photo] });
    }
    await until(augmented(platform, before + 15 + photos.length), 50);
    const seconds = (performance.now() - startedAt) / 1000;
    isDone = true;
    reader.postMessage('stop');
    const [[readings]] = await Promise.all([once(reader, 'message'), watcher]);
    row({ what: `${photos.length} uploads in a row, all augmented (every tenth of 12 megapixels)`, unit: 's', better: 'lower', ours: seconds, aim: 150 });
    row({ what: 'GET /api/Items meanwhile, 95th percentile', unit: 'ms', better: 'lower', ours: quantile(readings, 0.95), aim: 100 });
    row({ what: 'memory of all processes, largest', unit: 'MB', better: 'lower', ours: Math.max(...memory), aim: 1500 });
    note(`${readings.length} listings, median ${median(readings).toFixed(1)} ms; memory is the proportional share (Pss) of the supervisor and everything it started`);
  });
}

/** Trains on 30 photos of each class, asks about the others; mean of three splits. */
async function measureRecognition(classes, row, note) {
  const figures = { top1: [], macroF1: [], ece: [], known: [], firstSimilarS: [], trainingS: [] };
  for (let split = 0; split < SPLITS; split += 1) {
    await withPlatform({ OC_TRAINING_MIN_NEW_PHOTOS: '100000' }, async (client) => {
      const { train, test } = splitClasses(classes, split);
      const [first, ...rest] = train;
      const uploadedAt = performance.now();
      await client.createItem({ nome: 'first', categoria: first.name, fotos: [first.photo] });
      await until(async () => (await client.classify(first.photo)).itemsSemelhantes.length > 0, 50);
      figures.firstSimilarS.push((performance.now() - uploadedAt) / 1000);
      for (const [index, { name, photo }] of rest.entries()) {
        await client.createItem({ nome: `item ${index}`, categoria: name, fotos: [photo] });
      }
      const { id } = await client.startTraining('bench');
      let fittingSince;
      let training;
      for await (training of client.followTraining(id)) {
        if (training.progress?.phase === 'training') {
          fittingSince ??= performance.now();
        }
      }
      if (training?.status !== 'done') {
        throw new Error(`the training ended ${training?.status}: ${training?.reason}`);
      }
      figures.trainingS.push((performance.now() - (fittingSince ?? performance.now())) / 1000);
      await until(async () => (await client.classify(first.photo)).modelVersion === training.modelVersion, 200);

      const answers = [];
      for (const { name, photo } of test) {
        const answer = await client.classify(photo);
        const guess = answer.conhecido ? { classe: answer.classe, confiancaValor: answer.confiancaValor } : answer.alternativas[0];
        answers.push({ truth: name, guess: guess.classe, confidence: guess.confiancaValor, known: answer.conhecido });
      }
      figures.top1.push(mean(answers.map(({ truth, guess }) => Number(truth === guess))));
      figures.macroF1.push(macroF1(answers));
      figures.ece.push(calibrationError(answers));
      figures.known.push(mean(answers.map(({ known }) => Number(known))));
      note(`split ${split + 1}: top-1 ${figures.top1.at(-1).toFixed(3)} of ${answers.length} unseen photos`);
    });
  }
  row({ what: 'top-1 on unseen photos, mean of the splits', unit: '', better: 'higher', ours: mean(figures.top1), ...(process.env.OC_BACKBONE && { aim: 0.84 }) });
  row({ what: 'macro-F1', unit: '', better: 'higher', ours: mean(figures.macroF1) });
  row({ what: 'expected calibration error, 10 bins', unit: '', better: 'lower', ours: mean(figures.ece) });
  row({ what: 'answers above the threshold', unit: '', better: 'higher', ours: mean(figures.known) });
  row({ what: 'upload to first similar item', unit: 's', better: 'lower', ours: figures.firstSimilarS, aim: 5 });
  row({ what: `training of ${classes.length * TRAINED_PER_CLASS} photos after embedding`, unit: 's', better: 'lower', ours: figures.trainingS, aim: 30 });
}

async function withPlatform(environment, work) {
  const process_ = await PlatformProcess.start({ ...process.env, ...environment }, never);
  try {
    const client = new ApiClient(process_.url, process_.credentials);
    await client.signIn();
    await work(client, await RunningPlatform.of(process_));
  } finally {
    await process_.stop();
    await process_.removeFolder();
  }
}

/** What the benchmark looks at beside the API. */
class RunningPlatform {
  constructor(url, token, metricsUrl, folder) {
    Object.assign(this, { url, token, metricsUrl, folder });
  }

  static async of(process_) {
    const environments = processesOf(process_.folder);
    const port = environments.map(({ environment }) => /(?:^|\0)AUGMENTATIONS_PORT=(\d+)/.exec(environment)?.[1]).find(Boolean);
    const answer = await fetch(`${process_.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(process_.credentials),
    });
    return new RunningPlatform(process_.url, (await answer.json()).token, `http://127.0.0.1:${port}/metrics`, process_.folder);
  }

  async augmentedPhotos() {
    const text = await (await fetch(this.metricsUrl)).text();
    return Number(/^augmentation_jobs_total\{[^}]*outcome="success"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
  }

  memoryMB() {
    return processesOf(this.folder).reduce((sum, { pid }) => sum + proportionalBytes(pid), 0) / 1e6;
  }
}

const augmented = (platform, count) => async () => {
  const photos = await platform.augmentedPhotos();
  return photos >= count ? photos || true : false;
};

/** The supervisor of the platform in this folder and all that it started. Linux only. */
function processesOf(folder) {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return [{ pid, parent, environment: readFileSync(`/proc/${pid}/environ`, 'utf8') }];
      } catch {
        return []; // it ended meanwhile
      }
    });
  // PostgreSQL's sessions overwrite their environment, so the tree says more than the names.
  const belongs = new Set(all.filter(({ environment }) => environment.includes(folder)).map(({ pid }) => pid));
  for (let size = 0; size !== belongs.size; ) {
    size = belongs.size;
    all.filter(({ parent }) => belongs.has(parent)).forEach(({ pid }) => belongs.add(pid));
  }
  return all.filter(({ pid }) => belongs.has(pid));
}

function proportionalBytes(pid) {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function until(condition, everyMs = 50) {
  for (const deadline = Date.now() + 300_000; ; await sleep(everyMs)) {
    const answer = await condition();
    if (answer) {
      return answer === true ? 0 : answer;
    }
    if (Date.now() > deadline) {
      throw new Error('not within 5 minutes');
    }
  }
}

async function readClasses(note) {
  const flowers = new URL('flowers/', data);
  if (existsSync(flowers)) {
    return readdirSync(flowers, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({
        name,
        photos: readdirSync(new URL(`${name}/`, flowers)).sort().map((file) => ({ fileName: file, bytes: new Uint8Array(readFileSync(new URL(`${name}/${file}`, flowers))) })),
      }));
  }
  note('no ../shared/data: the photos are drawn');
  return Promise.all(
    sampleKinds.map(async (kind) => ({
      name: kind,
      photos: await Promise.all(Array.from({ length: 40 }, async (_, i) => ({ fileName: `${kind}-${i}.jpg`, bytes: new Uint8Array(await drawSample(kind, i, 1, 400)) }))),
    })),
  );
}

async function largePhoto() {
  const file = new URL('big-photos/IMG_20230625_134538.jpg', data);
  const bytes = existsSync(file) ? readFileSync(file) : await drawSample(sampleKinds[0], 1, 1, 3500);
  return { fileName: 'large.jpg', bytes: new Uint8Array(bytes) };
}

/** The same shuffle for the same split (mulberry32). */
function splitClasses(classes, split) {
  let state = split + 1;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const parts = { train: [], test: [] };
  for (const { name, photos } of classes) {
    const order = photos.map((photo) => ({ photo, at: random() })).sort((a, b) => a.at - b.at);
    order.forEach(({ photo }, index) => parts[index < TRAINED_PER_CLASS ? 'train' : 'test'].push({ name, photo }));
  }
  return parts;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function macroF1(answers) {
  const labels = [...new Set(answers.map(({ truth }) => truth))];
  return mean(
    labels.map((label) => {
      const hits = answers.filter(({ truth, guess }) => truth === label && guess === label).length;
      const named = answers.filter(({ truth }) => truth === label).length + answers.filter(({ guess }) => guess === label).length;
      return named === 0 ? 0 : (2 * hits) / named;
    }),
  );
}

/** Guo et al. (2017), equal-width bins. */
function calibrationError(answers, bins = 10) {
  const groups = Array.from({ length: bins }, (_, bin) => answers.filter(({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin));
  return groups.reduce((sum, group) => {
    const gap = group.length === 0 ? 0 : Math.abs(mean(group.map(({ truth, guess }) => Number(truth === guess))) - mean(group.map(({ confidence }) => confidence)));
    return sum + (gap * group.length) / answers.length;
  }, 0);
}

