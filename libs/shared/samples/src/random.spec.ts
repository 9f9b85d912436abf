import { expect, it } from 'vitest';
import { Random } from './random.js';

const draws = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

it('repeats itself for the same seeds', () => {
  expect(draws(new Random('coins', 3), 20)).toEqual(draws(new Random('coins', 3), 20));
});

it.each([
  [['coins', 3], ['coins', 4]],
  [['coins', 3], ['cars', 3]],
  [['coins', 1, 'view', 23], ['coins', 12, 'view', 3]],
])('gives another sequence for %j than for %j', (one, other) => {
  expect(draws(new Random(...one), 5)).not.toEqual(draws(new Random(...other), 5));
});

it('spreads evenly', () => {
  const mean = draws(new Random('even'), 20_000).reduce((sum, value) => sum + value, 0) / 20_000;
  expect(mean).toBeCloseTo(0.5, 1);
});

it('keeps whole numbers inside both ends', () => {
  const random = new Random('whole');
  const seen = new Set(Array.from({ length: 500 }, () => random.whole(2, 5)));
  expect([...seen].sort()).toEqual([2, 3, 4, 5]);
});
