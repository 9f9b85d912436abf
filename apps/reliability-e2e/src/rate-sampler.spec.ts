import { describe, expect, it } from 'vitest';
import { RateSampler } from './rate-sampler.js';

/** Ten a second for ten seconds, nothing for five, then `rateAfter` a second for ten. */
function sampled(rateAfter: number): RateSampler {
  const sampler = new RateSampler();
  for (let second = 0; second <= 25; second += 0.5) {
    const count = Math.min(second, 10) * 10 + Math.max(0, second - 15) * rateAfter;
    sampler.add({ at: second * 1_000, count });
  }
  return sampler;
}

describe('RateSampler', () => {
  it.each([
    [0, 10_000, 10],
    [10_000, 15_000, 0],
    [5_000, 15_000, 5],
    [24_900, 25_400, 0],
  ])('from %i to %i ms counts %d a second', (from, to, rate) => expect(sampled(10).rate(from, to)).toBe(rate));

  it.each([
    [5_000, 12],
    [30_000, 0],
  ])('finds the best %i ms', (overMs, rate) => expect(sampled(12).fastest(overMs)).toBe(rate));

  it.each([
    ['as soon as a whole window is fast enough', 10, 15_000, 3],
    ['later when work resumes later', 10, 12_000, 6],
    ['never when it stays slower', 8, 15_000, undefined],
  ])('finds the recovery %s', (_, rateAfter, since, seconds) => expect(sampled(rateAfter).recoveredAfter(since, 9)).toBe(seconds));
});
