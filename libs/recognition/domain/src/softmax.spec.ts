import { expect, it } from 'vitest';
import { logitsOf, softmax } from './softmax.js';

it.each([
  [[0, 0], 1, [0.5, 0.5]],
  [[Math.log(3), 0], 1, [0.75, 0.25]],
  [[2 * Math.log(3), 0], 2, [0.75, 0.25]],
  [[1000, 0], 1, [1, 0]],
  [[-1000, -1000], 1, [0.5, 0.5]],
])('turns %j at temperature %d into %j', (logits, temperature, expected) => {
  softmax(logits, temperature).forEach((share, i) => expect(share).toBeCloseTo(expected[i]!, 10));
});

it('multiplies an embedding with the weights of a head', () => {
  const head = { labels: ['a', 'b'], weights: Float32Array.of(1, 2, 3, 4, 5, 6), bias: Float32Array.of(10, 20) };
  expect(logitsOf(Float32Array.of(1, 0, -1), head)).toEqual([10 + 1 - 5, 20 + 2 - 6]);
});
