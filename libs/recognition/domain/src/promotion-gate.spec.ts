import { describe, expect, it } from 'vitest';
import type { ModelVersion } from './model-version.js';
import { decidePromotion, defaultGateRules as rules, type Scorecard } from './promotion-gate.js';

const labels = ['daisy', 'dandelion', 'rose', 'sunflower', 'tulip'];

function card(f1: number | number[], about: Partial<Scorecard> & { labels?: string[]; support?: number } = {}): Scorecard {
  const names = about.labels ?? labels;
  const scores = names.map((_, i) => (Array.isArray(f1) ? (f1[i] ?? 0) : f1));
  return {
    version: 'v20260101000000000-aaaaaa' as ModelVersion,
    macroF1: scores.reduce((a, b) => a + b, 0) / scores.length,
    perClass: names.map((label, i) => ({ label, f1: scores[i] ?? 0, support: about.support ?? 20 })),
    testSet: 'same',
    ...about,
  };
}

describe('on the same test photos', () => {
  it.each([
    [0.9, 0.9, true],
    [0.95, 0.9, true],
    [0.8951, 0.9, true],
    [0.895, 0.9, true],
    [0.8949, 0.9, false],
    [0.6, 0.9, false],
  ])('a macro-F1 of %d after %d: promoted %s', (ours, theirs, expected) => {
    expect(decidePromotion(card(ours), card(theirs), rules).promote).toBe(expected);
  });

  it('names both figures', () => {
    expect(decidePromotion(card(0.6), card(0.9), rules).reason).toBe(
      'macro-F1 60.0%: 30.0% worse than v20260101000000000-aaaaaa on the same test photos',
    );
  });

  it('takes another class set as another examination', () => {
    const fewer = labels.slice(1);
    expect(decidePromotion(card(0.88), card(0.9, { labels: fewer }), rules).promote).toBe(true);
  });
});

describe('on other test photos', () => {
  const other = { testSet: 'other' };
  it.each([
    ['a little worse, as chance has it with 100 photos', card(0.86), card(0.9, other), true],
    ['30 % of the labels shuffled', card(0.62), card(0.9, other), false],
    ['the same difference with 100 times the photos is no chance', card(0.86, { support: 2000 }), card(0.9, { ...other, support: 2000 }), false],
    ['worse only where a new, hard class came in', card([0.9, 0.9, 0.9, 0.9, 0.9, 0.2], { labels: [...labels, 'weed'] }), card(0.9, other), true],
    ['nothing in common', card(0.5, { labels: ['coin', 'stamp', 'car'] }), card(0.9, other), true],
    ['a class without test photos says nothing', card(0.9), card([0.9, 0.9, 0.9, 0.9, 0.9], { ...other, labels: ['x', ...labels.slice(1)] }), true],
  ])('%s', (_, candidate, current, expected) => {
    expect(decidePromotion(candidate, current, rules).promote).toBe(expected);
  });
});

describe('without a model to compare with', () => {
  it.each([
    ['a first model', card(0.5), true],
    ['no better than guessing', card(0.2), false],
    ['NaN macro-F1', card(0.9, { macroF1: Number.NaN }), false],
    ['NaN in one class', card([0.9, Number.NaN, 0.9, 0.9, 0.9], { macroF1: 0.9 }), false],
    ['beyond 1', card(1.5), false],
    ['one class', card(1, { labels: ['rose'] }), false],
    ['no class', card(1, { labels: [], macroF1: 1 }), false],
    ['no test photos', card(1, { support: 0 }), false],
  ])('%s', (_, candidate, expected) => {
    expect(decidePromotion(candidate, undefined, rules).promote).toBe(expected);
  });

  it('replaces a present model whose figures are unusable', () => {
    expect(decidePromotion(card(0.5), card(0.9, { macroF1: Number.NaN }), rules).promote).toBe(true);
  });
});
