import type { FittedHead } from './head-training.js';

/**
 * Moves embeddings to their mean and stretches them to a common size, so that one learning rate
 * suits every backbone. A linear head swallows both, see `unscaleHead`.
 */
export interface FeatureScaling {
  readonly mean: Float32Array;
  readonly factor: number;
}

/** Root of the mean squared length of scaled features; with it Adam's step of 0.01 is about right. */
const scaledLength = 10;

/** @param features rows x dimensions; at least one row */
export function measureFeatures(features: Float32Array, dimensions: number): FeatureScaling {
  const rows = features.length / dimensions;
  const sums = new Float64Array(dimensions);
  let squares = 0;
  for (let i = 0; i < features.length; i += 1) {
    sums[i % dimensions]! += features[i]!;
    squares += features[i]! ** 2;
  }
  const mean = Float32Array.from(sums, (sum) => sum / rows);
  const meanSquare = squares / rows - mean.reduce((total, value) => total + value * value, 0);
  // Photos that are all the same have nothing to stretch.
  return { mean, factor: meanSquare > 1e-12 ? scaledLength / Math.sqrt(meanSquare) : 1 };
}

/** In place. */
export function scaleFeatures(features: Float32Array, { mean, factor }: FeatureScaling): void {
  for (let i = 0; i < features.length; i += 1) {
    features[i] = (features[i]! - mean[i % mean.length]!) * factor;
  }
}

/** The head that says of an embedding what `head` says of the scaled one. */
export function unscaleHead({ weights, bias }: Pick<FittedHead, 'weights' | 'bias'>, { mean, factor }: FeatureScaling): { weights: Float32Array; bias: Float32Array } {
  const classes = bias.length;
  const stretched = weights.map((weight) => weight * factor);
  const moved = bias.map((value, column) => mean.reduce((sum, centre, row) => sum - centre * stretched[row * classes + column]!, value));
  return { weights: stretched, bias: moved };
}
