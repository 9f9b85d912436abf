import { seededRandom } from '@repo/kernel';
import { expect, it } from 'vitest';
import { expectedCalibrationError, fitTemperature, meanLogLoss, type Prediction } from './calibration.js';

/** Predictions whose confidence comes true when the logits are divided by `temperature`. */
function predictionsAt(temperature: number, count: number): Prediction[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => {
    const chance = random();
    const logit = Math.log(chance / (1 - chance));
    return { logits: [logit * temperature, 0], truth: random() < chance ? 0 : 1 };
  });
}

it.each([0.5, 1, 2, 4])('finds the temperature %d that makes confidences come true', (temperature) => {
  expect(fitTemperature(predictionsAt(temperature, 5000)) / temperature).toBeCloseTo(1, 1);
});

it('stays near 1 when a few photos are all right', () => {
  const allRight = Array.from({ length: 10 }, () => ({ logits: [6, 0, 0], truth: 0 }));
  const temperature = fitTemperature(allRight);
  expect(temperature).toBeGreaterThan(0.5);
  expect(temperature).toBeLessThanOrEqual(1);
});

it('stays at 1 without photos', () => {
  expect(fitTemperature([])).toBeCloseTo(1, 3);
});

it('lowers the loss it looks at', () => {
  const predictions = predictionsAt(3, 500);
  expect(meanLogLoss(predictions, fitTemperature(predictions))).toBeLessThan(meanLogLoss(predictions));
});

it.each([
  ['a certain and right answer costs nothing', [{ logits: [100, 0], truth: 0 }], 0],
  ['an even guess costs ln 2', [{ logits: [0, 0], truth: 1 }], Math.LN2],
  ['a certain and wrong answer costs much, not everything', [{ logits: [1000, 0], truth: 1 }], -Math.log(1e-12)],
  ['no answers cost nothing', [], 0],
])('log loss: %s', (_, predictions, expected) => {
  expect(meanLogLoss(predictions)).toBeCloseTo(expected, 10);
});

it.each([
  ['all right and certain', [{ confidence: 1, right: true }], 0],
  ['certain and wrong', [{ confidence: 1, right: false }], 1],
  ['right half of the time, as it says', [{ confidence: 0.5, right: true }, { confidence: 0.5, right: false }], 0],
  ['two bins weighted by their photos', [{ confidence: 0.9, right: true }, { confidence: 0.9, right: true }, { confidence: 0.9, right: true }, { confidence: 0.3, right: true }], (3 * 0.1 + 0.7) / 4],
  ['nothing', [], 0],
])('calibration error: %s', (_, answers, expected) => {
  expect(expectedCalibrationError(answers)).toBeCloseTo(expected, 10);
});

it('does not let errors in opposite directions cancel across bins', () => {
  const answers = [{ confidence: 0.95, right: false }, { confidence: 0.05, right: true }];
  expect(expectedCalibrationError(answers)).toBeCloseTo(0.95, 10);
});
