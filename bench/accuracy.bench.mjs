import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageProcessPool } from '@repo/augmentation-data-access';
import { seededRandom } from '@repo/kernel';
import { findBackbone, TrainingThread, WorkerInferenceEngine } from '@repo/recognition-data-access';
import { defaultTrainingParameters, evaluate, expectedCalibrationError, logitsOf, shuffle, softmax } from '@repo/recognition-domain';
import { PythonPeer } from './harness.mjs';

export const title = 'Recognising five kinds of flowers: the most similar photo, and 30 photos of each learnt, 10 others asked for';

const data = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const flowers = path.join(data, 'flowers');
const weights = process.env.OC_BACKBONE ?? path.join(data, 'backbone/mobilenet_v2_1.0_224_notop.safetensors');
const splits = Number(process.env.BENCH_SPLITS ?? 10);
const learntPhotos = 30;
/** Photos of each kind among which the most similar one is looked for, leaving out the one asked with. */
const comparedPhotos = 12;
const threads = availableParallelism();
const format = { longSide: 1024, jpegQuality: 90 };

export async function run({ row, note }) {
  if (!existsSync(flowers) || !existsSync(weights)) {
    note('left out: it needs ../shared/data with flowers and backbone');
    return;
  }
  const photos = await readPhotos();
  note(`means of ${splits} random splits (BENCH_SPLITS), smallest to largest; the platform's own variants and training`);
  const [imagenet, compact] = await Promise.all([findBackbone({ configured: weights }), findBackbone({})]);
  note(`the compact backbone is ${compact.info.id}, the one with ImageNet weights ${imagenet.info.id}`);
  const full = await embedAll(photos, await imagenet.onnx());
  const own = await embedAll(photos, await compact.onnx());
  const kinds = [
    { what: 'ImageNet weights', learnt: full, asked: full, aim: 0.84 },
    { what: 'ImageNet weights, no variants', learnt: full.map(withoutVariants), asked: full },
    { what: 'ImageNet weights, asked in int8', learnt: full, asked: await embedAll(photos, await imagenet.onnx('int8')) },
    { what: 'compact backbone', learnt: own, asked: own, similarAim: 0.5 },
    { what: 'compact backbone, asked in int8', learnt: own, asked: await embedAll(photos, await compact.onnx('int8')) },
  ];
  const histograms = await histogramsOf(photos, note);
  if (histograms) {
    kinds.push({ what: 'colour and gradient histograms (OpenCV), no variants', learnt: histograms, asked: histograms });
  }
  for (const { what, aim, similarAim, ...sets } of kinds) {
    const results = await examine(sets);
    const column = (name) => results.map((result) => result[name]);
    row({ what: `${what}: top-1`, ours: mean(column('accuracy')), unit: 'of 1', better: 'higher', aim });
    row({ what: '  spread of top-1', ours: column('accuracy'), unit: 'of 1', better: 'higher' });
    row({ what: '  macro-F1', ours: mean(column('macroF1')), unit: 'of 1', better: 'higher' });
    // Over the answers of all splits at once: 50 of them in 15 bins would differ by chance alone.
    row({ what: '  calibration error', ours: expectedCalibrationError(results.flatMap(({ answers }) => answers)), unit: 'of 1', better: 'lower' });
    row({ what: '  training', ours: column('seconds'), unit: 's', better: 'lower', ...(aim && { aim: 30 }) });
    row({ what: `  most similar photo of the same kind, ${comparedPhotos} of each`, ours: similarIsRight(firstOfEach(sets.asked, comparedPhotos)), unit: 'of 1', better: 'higher', aim: similarAim });
    row({ what: '  the same, all 40 of each', ours: similarIsRight(sets.asked), unit: 'of 1', better: 'higher' });
  }
}

const withoutVariants = (photo) => ({ ...photo, variants: [] });

function firstOfEach(photos, count) {
  const labels = new Set(photos.map(({ label }) => label));
  return [...labels].flatMap((label) => photos.filter((photo) => photo.label === label).slice(0, count));
}

/** The share of photos whose nearest other one, by cosine, is of the same kind. */
function similarIsRight(photos) {
  const product = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const right = photos.filter((photo) => {
    const others = photos.filter((other) => other !== photo);
    const products = others.map(({ embedding }) => product(embedding, photo.embedding));
    return others[products.indexOf(Math.max(...products))].label === photo.label;
  });
  return right.length / photos.length;
}

/** What recognition without any network would be, or undefined where OpenCV for Python is missing. */
async function histogramsOf(photos, note) {
  const peer = PythonPeer.start('histograms.py', { modules: ['cv2'], note });
  if (!peer) {
    return undefined;
  }
  try {
    const { vectors } = await peer.ask({ files: photos.map(({ file }) => file) });
    return photos.map(({ id, label }, i) => ({ photoId: id, itemId: id, label, embedding: Float32Array.from(vectors[i]), variants: [] }));
  } finally {
    peer.stop();
  }
}

async function readPhotos() {
  const kinds = (await readdir(flowers, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const files = await Promise.all(kinds.map(async (label) => (await readdir(path.join(flowers, label))).sort().map((name) => ({ label, file: path.join(flowers, label, name) }))));
  return withVariants(await Promise.all(files.flat().map(async ({ label, file }) => ({ label, file, id: path.basename(file), photo: await readFile(file) }))));
}

async function withVariants(photos) {
  const pool = new ImageProcessPool({ workers: threads, format });
  try {
    return await Promise.all(photos.map(async (entry) => {
      const sha256 = createHash('sha256').update(entry.photo).digest('hex');
      const { variants, badQuality } = await pool.render(entry.photo, { photoId: entry.id, sha256, category: entry.label });
      // Variants of a bad photo would teach its flaws: the platform leaves them out as well.
      return { ...entry, variants: badQuality ? [] : variants.filter(({ defect }) => !defect).map(({ bytes }) => bytes) };
    }));
  } finally {
    pool.close();
  }
}

async function embedAll(photos, onnx) {
  const engine = new WorkerInferenceEngine({ threads, maxWaiting: Infinity });
  try {
    const model = await engine.load(onnx);
    const embed = async (photo) => (await model.run(photo)).embedding;
    return await Promise.all(photos.map(async ({ id, label, photo, variants }) => ({
      photoId: id, itemId: id, label, embedding: await embed(photo), variants: await Promise.all(variants.map(embed)),
    })));
  } finally {
    await engine.close();
  }
}

async function examine({ learnt, asked }) {
  const trainer = new TrainingThread({ backend: 'auto' });
  const results = [];
  for (let split = 0; split < splits; split += 1) {
    const { learning, examined } = deal(learnt, split);
    const startedAt = performance.now();
    const { head } = await trainer.train(learnt.filter(({ photoId }) => learning.has(photoId)), defaultTrainingParameters);
    const seconds = (performance.now() - startedAt) / 1000;
    const predictions = asked
      .filter(({ photoId }) => examined.has(photoId))
      .map(({ embedding, label }) => ({ logits: logitsOf(embedding, head), truth: head.labels.indexOf(label) }));
    results.push({ ...evaluate(predictions, head.labels, head.temperature), answers: predictions.map((prediction) => answerOf(prediction, head.temperature)), seconds });
  }
  return results;
}

function answerOf({ logits, truth }, temperature) {
  const probabilities = softmax(logits, temperature);
  const confidence = Math.max(...probabilities);
  return { confidence, right: probabilities[truth] === confidence };
}

function deal(photos, seed) {
  const random = seededRandom(1000 + seed);
  const [learning, examined] = [new Set(), new Set()];
  for (const label of new Set(photos.map((photo) => photo.label))) {
    const own = photos.filter((photo) => photo.label === label).map(({ photoId }) => photoId);
    shuffle(own, random);
    own.forEach((photoId, i) => (i < learntPhotos ? learning : examined).add(photoId));
  }
  return { learning, examined };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
