import { expect, it } from 'vitest';
import type { Prediction } from './calibration.js';
import { evaluate } from './metrics.js';

const answer = (truth: number, answered: number): Prediction => ({ truth, logits: [0, 1, 2].map((label) => (label === answered ? 5 : 0)) });
const labels = ['cars', 'coins', 'stamps'];

it('counts answers by true class and answer', () => {
  const { accuracy, confusion, perClass, macroF1 } = evaluate([answer(0, 0), answer(0, 0), answer(0, 1), answer(1, 1), answer(2, 1)], labels, 1);
  expect(accuracy).toBeCloseTo(3 / 5);
  expect(confusion).toEqual([[2, 1, 0], [0, 1, 0], [0, 1, 0]]);
  expect(perClass).toEqual([
    { label: 'cars', precision: 1, recall: 2 / 3, f1: 0.8, support: 3 },
    { label: 'coins', precision: 1 / 3, recall: 1, f1: 0.5, support: 1 },
    { label: 'stamps', precision: 0, recall: 0, f1: 0, support: 1 },
  ]);
  expect(macroF1).toBeCloseTo((0.8 + 0.5 + 0) / 3);
});

it('leaves a class without photos out of the mean', () => {
  expect(evaluate([answer(0, 0), answer(1, 1)], labels, 1).macroF1).toBe(1);
});

it('is the same at every temperature but for loss and calibration', () => {
  const predictions = [answer(0, 0), answer(1, 1), answer(2, 0)];
  const [cold, hot] = [evaluate(predictions, labels, 0.5), evaluate(predictions, labels, 5)];
  expect(hot.accuracy).toBe(cold.accuracy);
  expect(hot.loss).toBeLessThan(cold.loss);
  expect(hot.ece).not.toBeCloseTo(cold.ece);
});

it('answers zeros for no photos', () => {
  expect(evaluate([], labels, 1)).toMatchObject({ accuracy: 0, loss: 0, macroF1: 0, ece: 0 });
});
