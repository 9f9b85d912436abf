import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId, seededRandom, type PhotoId, type UserId } from '@repo/kernel';
import { writeFaissFlatFile } from '@repo/recognition-domain';
import { describe, expect, it } from 'vitest';
import { createSimilarityIndex } from './create-similarity-index.js';
import { FaissIndex, loadFaiss } from './faiss-index.js';
import { similarityIndexSuite } from './testing/similarity-index.suite.js';

const faiss = loadFaiss();

describe.skipIf(!faiss)("with FAISS (else its native part isn't built: node tools/build-faiss.mjs)", () => {
  similarityIndexSuite('FaissIndex', (dimensions) => new FaissIndex(faiss!, dimensions));

  it('finds the same photos as the exact index', () => {
    const [exact, flat] = [createSimilarityIndex('exact'), createSimilarityIndex('faiss')];
    const random = seededRandom(1);
    const owner = newId<UserId>();
    const vectors = Array.from({ length: 400 }, () => unitVector(random));
    for (const vector of vectors) {
      const photoId = newId<PhotoId>();
      exact.add(owner, photoId, vector);
      flat.add(owner, photoId, vector);
    }
    for (const vector of vectors.slice(0, 50)) {
      const ids = (index: typeof exact) => index.search(owner, vector, 5).map(({ photoId }) => photoId);
      expect(ids(flat)).toEqual(ids(exact));
    }
  });
});

const hasPythonFaiss = answersInPython('import faiss');

describe.skipIf(!hasPythonFaiss)('the flat file (else Debian has no python3-faiss here)', () => {
  it('is what faiss itself writes of the same vectors', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'faiss-file-'));
    try {
      const random = seededRandom(2);
      const ours = path.join(folder, 'ours.faiss');
      writeFileSync(ours, writeFaissFlatFile(Array.from({ length: 11 }, () => unitVector(random)), 1280));
      const program = `import faiss, sys; i = faiss.read_index(sys.argv[1]); assert i.ntotal == 11 and i.metric_type == faiss.METRIC_INNER_PRODUCT; faiss.write_index(i, sys.argv[2])`;
      execFileSync('/usr/bin/python3', ['-c', program, ours, path.join(folder, 'theirs.faiss')]);
      expect(readFileSync(ours).equals(readFileSync(path.join(folder, 'theirs.faiss')))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function answersInPython(program: string): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function unitVector(random: () => number): Float32Array {
  const vector = Float32Array.from({ length: 1280 }, () => random() ** 3);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
