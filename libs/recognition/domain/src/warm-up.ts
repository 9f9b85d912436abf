import { crc32, deflateSync } from 'node:zlib';
import type { Inference } from './inference.js';
import { ModelFilesInvalidError } from './model-files.js';

const SIDE = 96;

/** What a version answered when it was made; kept in its metrics.json. */
export interface WarmUpRecord {
  /** For each warm-up photo, by class. */
  readonly probabilities: readonly (readonly number[])[];
}

/** Other processors and thread counts add in another order; int8 rounds. */
const tolerances = { fp32: 0.02, int8: 0.3 };

/**
 * Three pictures that are the same everywhere: a new version answers them before it serves, which
 * also brings its memory in. PNG, 96 x 96.
 */
export function warmUpPhotos(): Buffer[] {
  return [
    drawPng((x, y) => [x, y, 128]),
    drawPng((x, y) => ((x >> 5) + (y >> 5)) % 2 === 0 ? [220, 60, 30] : [20, 90, 200]),
    drawPng((x, y) => (Math.hypot(x - 128, y - 128) < 90 ? [240, 200, 40] : [30, 120, 50])),
  ];
}

export function recordWarmUp(inferences: readonly Inference[]): WarmUpRecord {
  return { probabilities: inferences.map(({ probabilities = [] }) => Array.from(probabilities)) };
}

/**
 * A version must answer as it did when it was made.
 * Throws ModelFilesInvalidError when it has other classes, answers no probabilities, or others.
 */
export function checkWarmUp(version: string, expected: WarmUpRecord, inferences: readonly Inference[], precision: keyof typeof tolerances): void {
  if (expected.probabilities.length !== inferences.length) {
    throw new ModelFilesInvalidError(`Model ${version}: it was tried on ${expected.probabilities.length} warm-up photos, not on ${inferences.length}`);
  }
  inferences.forEach(({ probabilities }, photo) => {
    const wanted = expected.probabilities[photo] ?? [];
    if (probabilities?.length !== wanted.length) {
      throw new ModelFilesInvalidError(`Model ${version}: it answers ${probabilities?.length ?? 0} classes instead of ${wanted.length}`);
    }
    // JSON writes NaN as null; and not `difference > tolerance`, since NaN must fail.
    const difference = Math.max(...wanted.map((value, i) => Math.abs((value ?? Number.NaN) - (probabilities[i] ?? Number.NaN))));
    if (!(difference <= tolerances[precision])) {
      throw new ModelFilesInvalidError(`Model ${version}: it answers warm-up photo ${photo + 1} differently than when it was made (by ${difference.toFixed(3)})`);
    }
  });
}

/** @param colour red, green and blue of a place, whose x and y run from 0 to 255 */
function drawPng(colour: (x: number, y: number) => [number, number, number]): Buffer {
  const rows = Buffer.alloc(SIDE * (1 + SIDE * 3)); // each row begins with its filter: 0, none
  const scale = (place: number) => Math.round((place * 255) / (SIDE - 1));
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      rows.set(colour(scale(x), scale(y)), y * (1 + SIDE * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2], 8); // 8 bits, RGB
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND', Buffer.alloc(0))]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
