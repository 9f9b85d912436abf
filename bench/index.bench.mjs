import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { seededRandom } from '@repo/kernel';
import { createSimilarityIndex } from '@repo/recognition-data-access';
import { alternate, PythonPeer } from './harness.mjs';

export const title = 'Similar photos: building and searching an index of 1,280 numbers each';

const dimensions = 1280;
const neighbours = 5;
/** The largest takes a minute and 1.5 GB: BENCH_LARGE=1 adds it. */
const sizes = process.env.BENCH_LARGE ? [1_000, 10_000, 100_000] : [1_000, 10_000];

export async function run({ row, note }) {
  const faiss = PythonPeer.start('index.py', { modules: ['faiss', 'numpy'], note });
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-index-'));
  if (!process.env.BENCH_LARGE) {
    note('100,000 vectors: BENCH_LARGE=1');
  }
  try {
    for (const size of sizes) {
      const vectors = drawVectors(size);
      const file = path.join(folder, 'vectors.f32');
      await writeFile(file, vectors);
      for (const kind of ['exact', 'faiss']) {
        await compare({ kind, size, vectors, file, faiss, row, note });
      }
    }
  } finally {
    faiss?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare({ kind, size, vectors, file, faiss, row, note }) {
  const rowOf = (number) => vectors.subarray(number * dimensions, (number + 1) * dimensions);
  let index;
  try {
    index = createSimilarityIndex(kind);
  } catch (error) {
    note(error.message);
    return;
  }
  const figures = { peerName: 'faiss', unit: 'ms', better: 'lower' };
  const build = await alternate({
    ours: () => {
      index = createSimilarityIndex(kind);
      for (let number = 0; number < size; number += 1) {
        index.add('owner', String(number), rowOf(number));
      }
    },
    peer: faiss && (() => faiss.ask({ what: 'build', file, dimensions })),
    rounds: 1,
    warmup: 0,
  });
  row({ what: `${kind}, ${size} vectors: build`, ...build, ...figures });

  let query = 0;
  let agreed = 0;
  const rounds = 40;
  const search = await alternate({
    ours: () => index.search('owner', rowOf((query * 97) % size), neighbours).length,
    peer: faiss && (async () => {
      const number = (query * 97) % size;
      query += 1;
      const answer = await faiss.ask({ what: 'search', row: number, k: neighbours });
      const ours = index.search('owner', rowOf(number), neighbours).map(({ photoId }) => Number(photoId));
      agreed += ours.every((id) => answer.rows.includes(id)) ? 1 : 0;
      return answer;
    }),
    rounds,
  });
  row({ what: `${kind}, ${size} vectors: search`, ...search, ...figures, ...(kind === 'exact' && size === 10_000 && { aim: 4 }) });
  if (faiss) {
    note(`${kind}, ${size} vectors: the same ${neighbours} as faiss in ${agreed} of ${rounds + 1} searches`);
  }
}

/** Around 200 centres and never negative, as the vectors of a network are. */
function drawVectors(count) {
  const random = seededRandom(1);
  const centres = Array.from({ length: 200 }, () => Float32Array.from({ length: dimensions }, () => Math.max(0, random() - 0.6)));
  const vectors = new Float32Array(count * dimensions);
  for (let number = 0; number < count; number += 1) {
    const centre = centres[Math.floor(random() * centres.length)];
    const vector = vectors.subarray(number * dimensions, (number + 1) * dimensions);
    vector.forEach((_, i) => (vector[i] = centre[i] + 0.3 * random()));
    const length = Math.hypot(...vector);
    vector.forEach((value, i) => (vector[i] = value / length));
  }
  return vectors;
}
