import { seededRandom } from '@repo/kernel';
import { expect, it } from 'vitest';
import { shuffle } from './shuffle.js';

it('shuffles without losing or repeating anything', () => {
  const values = Int32Array.from({ length: 100 }, (_, i) => i);
  shuffle(values, seededRandom(4));
  expect([...values].slice(0, 10)).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});
