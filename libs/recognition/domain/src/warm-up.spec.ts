import { expect, it } from 'vitest';
import type { Inference } from './inference.js';
import { ModelFilesInvalidError } from './model-files.js';
import { checkWarmUp, recordWarmUp, warmUpPhotos } from './warm-up.js';

const answer = (...probabilities: number[]): Inference => ({
  embedding: new Float32Array(1280),
  probabilities: new Float32Array(probabilities),
  stagesMs: { queue: 0, decode: 0, forward: 0 },
});
const made = recordWarmUp([answer(0.9, 0.1), answer(0.2, 0.8)]);

it('draws three PNGs that never change', () => {
  const photos = warmUpPhotos();
  expect(photos.map((photo) => photo.subarray(1, 4).toString('latin1'))).toEqual(['PNG', 'PNG', 'PNG']);
  expect(warmUpPhotos()).toEqual(photos);
  expect(new Set(photos.map(String)).size).toBe(3);
});

it('survives being written as JSON', () => {
  const read = JSON.parse(JSON.stringify(made)) as typeof made;
  expect(() => checkWarmUp('v1', read, [answer(0.9, 0.1), answer(0.2, 0.8)], 'fp32')).not.toThrow();
});

it.each<[string, Inference[], 'fp32' | 'int8', boolean]>([
  ['the same answers', [answer(0.9, 0.1), answer(0.2, 0.8)], 'fp32', true],
  ['a rounding away', [answer(0.901, 0.099), answer(0.2, 0.8)], 'fp32', true],
  ['other answers', [answer(0.85, 0.15), answer(0.2, 0.8)], 'fp32', false],
  ['int8 near', [answer(0.85, 0.15), answer(0.2, 0.8)], 'int8', true],
  ['int8 far', [answer(0.1, 0.9), answer(0.2, 0.8)], 'int8', false],
  ['another number of classes', [answer(0.9, 0.1, 0), answer(0.2, 0.8, 0)], 'fp32', false],
  ['no classes', [{ ...answer(), probabilities: undefined } as unknown as Inference, answer(0.2, 0.8)], 'fp32', false],
  ['NaN', [answer(Number.NaN, Number.NaN), answer(0.2, 0.8)], 'int8', false],
  ['fewer photos', [answer(0.9, 0.1)], 'fp32', false],
])('%s', (_, answers, precision, passes) => {
  const check = () => checkWarmUp('v1', made, answers, precision);
  if (passes) {
    check();
  } else {
    expect(check).toThrow(ModelFilesInvalidError);
  }
});
