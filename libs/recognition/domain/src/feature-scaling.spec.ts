import { expect, it } from 'vitest';
import { measureFeatures, scaleFeatures, unscaleHead } from './feature-scaling.js';
import { logitsOf } from './softmax.js';

const features = Float32Array.of(1, 2, 3, 3, 4, 8);

it('moves rows to mean 0 and mean square length 100', () => {
  const scaled = features.slice();
  scaleFeatures(scaled, measureFeatures(features, 3));
  expect([0, 1, 2].map((column) => scaled[column]! + scaled[3 + column]!)).toEqual([0, 0, 0]);
  expect(scaled.reduce((sum, value) => sum + value * value, 0) / 2).toBeCloseTo(100, 3);
});

it('leaves photos that are all the same unstretched', () => {
  expect(measureFeatures(Float32Array.of(1, 2, 1, 2), 2)).toEqual({ mean: Float32Array.of(1, 2), factor: 1 });
});

it('gives a head that says of a photo what the fitted one says of the scaled photo', () => {
  const scaling = measureFeatures(features, 3);
  const fitted = { labels: ['a', 'b'], weights: Float32Array.of(0.1, -0.2, 0.3, 0.4, -0.5, 0.6), bias: Float32Array.of(1, -1) };
  const photo = Float32Array.of(2, 5, -1);
  const scaled = photo.slice();
  scaleFeatures(scaled, scaling);
  const expected = logitsOf(scaled, fitted);
  logitsOf(photo, { ...fitted, ...unscaleHead(fitted, scaling) }).forEach((logit, i) => expect(logit).toBeCloseTo(expected[i]!, 3));
});
