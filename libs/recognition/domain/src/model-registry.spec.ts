import { expect, it } from 'vitest';
import { mayBecome, statesBefore, type ModelState } from './model-registry.js';

const all: ModelState[] = ['candidate', 'active', 'retired', 'refused', 'removed'];
const legal = [
  'candidate -> active',
  'candidate -> retired',
  'candidate -> refused',
  'candidate -> removed',
  'active -> retired',
  'retired -> active',
  'retired -> removed',
  'refused -> removed',
];

it.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s -> %s only where the table says so', (from, to) => {
  expect(mayBecome(from, to)).toBe(legal.includes(`${from} -> ${to}`));
});

it('never activates what the gate refused, nor what has no files', () => {
  expect(statesBefore('active')).toEqual(['candidate', 'retired']);
});

it('never removes what serves', () => {
  expect(statesBefore('removed')).not.toContain('active');
});
