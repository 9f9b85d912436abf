import type { TrainedHead } from './head-training.js';

/** What the head says of an embedding before softmax and temperature: one number for each label. */
export function logitsOf(embedding: Float32Array, { labels, weights, bias }: Pick<TrainedHead, 'labels' | 'weights' | 'bias'>): number[] {
  const classes = labels.length;
  const logits = Array.from(bias);
  embedding.forEach((value, row) => {
    for (let column = 0; column < classes; column += 1) {
      logits[column]! += value * weights[row * classes + column]!;
    }
  });
  return logits;
}

/** Shares that sum to 1; the largest is subtracted first, so that no exponential overflows. */
export function softmax(logits: readonly number[], temperature = 1): number[] {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
