import { expect, it } from 'vitest';
import { findDefect } from './variant-integrity.js';

const sound = { format: 'jpeg', width: 1024, height: 768 };

it.each([
  ['a sound variant', { bytes: 90_000, decoded: sound }, undefined],
  ['a sound PNG', { bytes: 90_000, decoded: { ...sound, format: 'png' } }, undefined],
  ['no bytes', { bytes: 0 }, 'too_small'],
  ['a cut off file', { bytes: 90_000 }, 'undecodable'],
  ['another format', { bytes: 90_000, decoded: { ...sound, format: 'webp' } }, 'wrong_format'],
  ['sides exchanged', { bytes: 90_000, decoded: { ...sound, width: 768, height: 1024 } }, 'wrong_dimensions'],
] as const)('judges %s', (_, facts, defect) => expect(findDefect(facts, { width: 1024, height: 768 })).toBe(defect));
