import { softmax } from './softmax.js';

/** What a model said of a photo, and what the photo shows. */
export interface Prediction {
  /** One for each class. */
  readonly logits: readonly number[];
  /** Index of the true class. */
  readonly truth: number;
}

/** How far the temperature is likely to be from 1, as a standard deviation of its logarithm. */
const priorSpread = 0.5;
const lowest = Math.log(0.05);
const highest = Math.log(20);
const goldenRatio = (Math.sqrt(5) - 1) / 2;

/**
 * The temperature by which the logits are divided so that confidences come true (Guo et al., 2017,
 * "On Calibration of Modern Neural Networks"): that of the lowest log loss, found by golden section.
 * Few photos say little, and with all of them right the loss alone would ask for temperature 0:
 * a prior around 1 outweighs them then and fades as photos grow in number.
 */
export function fitTemperature(predictions: readonly Prediction[]): number {
  const cost = (logarithm: number) =>
    meanLogLoss(predictions, Math.exp(logarithm)) * predictions.length + (logarithm / priorSpread) ** 2 / 2;
  let [low, high] = [lowest, highest];
  while (high - low > 1e-4) {
    const inner = [high - goldenRatio * (high - low), low + goldenRatio * (high - low)] as const;
    if (cost(inner[0]) < cost(inner[1])) {
      high = inner[1];
    } else {
      low = inner[0];
    }
  }
  return Math.exp((low + high) / 2);
}

/** Natural logarithm; 0 for no predictions. */
export function meanLogLoss(predictions: readonly Prediction[], temperature = 1): number {
  // 1e-12: a class that is given no chance at all costs much, not everything.
  const losses = predictions.map(({ logits, truth }) => -Math.log(Math.max(softmax(logits, temperature)[truth]!, 1e-12)));
  return losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
}

/**
 * Expected calibration error: by how much confidence and share of right answers differ, over
 * bins of equal width weighted by their photos (Naeini et al., 2015). 0 to 1.
 */
export function expectedCalibrationError(answers: readonly { confidence: number; right: boolean }[], bins = 15): number {
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (const { confidence, right } of answers) {
    const bin = sums[Math.min(bins - 1, Math.floor(confidence * bins))]!;
    bin.confidence += confidence;
    bin.right += Number(right);
  }
  return sums.reduce((error, { confidence, right }) => error + Math.abs(confidence - right), 0) / Math.max(1, answers.length);
}
