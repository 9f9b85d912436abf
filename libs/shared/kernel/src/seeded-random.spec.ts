import { expect, it } from 'vitest';
import { seededRandom } from './seeded-random.js';

it('gives the same numbers for the same seed', () => {
  const [first, second, other] = [seededRandom(1), seededRandom(1), seededRandom(2)];
  const numbers = Array.from({ length: 5 }, first);
  expect(Array.from({ length: 5 }, second)).toEqual(numbers);
  expect(Array.from({ length: 5 }, other)).not.toEqual(numbers);
});

it('spreads them evenly from 0 to 1', () => {
  const random = seededRandom(9);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i += 1) {
    counts[Math.floor(random() * 10)]! += 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(900);
  expect(Math.max(...counts)).toBeLessThan(1100);
});
