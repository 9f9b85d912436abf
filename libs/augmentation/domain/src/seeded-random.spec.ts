import { expect, it } from 'vitest';
import { seededRandom, xoshiro128 } from './seeded-random.js';

it('is xoshiro128**, by the numbers of its other implementations', () => {
  const random = xoshiro128([1, 2, 3, 4]);
  // The first of rand_xoshiro's test vector for this state.
  expect(Array.from({ length: 4 }, () => random.nextUint32())).toEqual([11_520, 0, 5_927_040, 70_819_200]);
});

it('draws the same for the same seed, and something else for another', () => {
  const draws = (seed: string) => Array.from({ length: 5 }, seededRandom(seed).nextUint32);
  expect(draws('a photo')).toEqual(draws('a photo'));
  expect(draws('a photo')).not.toEqual(draws('another photo'));
});

it('spreads evenly over its range', () => {
  const random = seededRandom('spread');
  const values = Array.from({ length: 10_000 }, () => random.between(-1, 3));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...values)).toBeLessThan(3);
  expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(1, 1);
});
