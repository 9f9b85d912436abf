import { expect, it } from 'vitest';
import { estimateSecondsLeft, overallPercent } from './training-progress.js';
import type { TrainingPhase } from './training-run.js';

it('goes from 0 to 100 and never back', () => {
  const phases: TrainingPhase[] = ['waiting', 'gathering', 'embedding', 'training', 'writing', 'uploading', 'announcing'];
  const percents = phases.flatMap((phase) => [0, 0.5, 1].map((share) => overallPercent(phase, share)));
  expect(percents[0]).toBe(0);
  expect(percents.at(-1)).toBe(100);
  expect([...percents].sort((a, b) => a - b)).toEqual(percents);
});

it.each([
  [10_000, 0.5, 10],
  [10_000, 1, 0],
  [10_000, 1.2, 0],
  [9_000, 0.75, 3],
  [10_000, 0, undefined],
])('after %d ms and a share of %d there are %s s left', (elapsedMs, share, expected) => {
  expect(estimateSecondsLeft(elapsedMs, share)).toBe(expected);
});
