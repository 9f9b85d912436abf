import { expect, it } from 'vitest';
import { mayBecome, statesBefore, type ModelState } from './model-registry.js';

const all: ModelState[] = ['candidate', 'active', 'retired', 'refused'];
const legal = ['candidate -> active', 'candidate -> retired', 'candidate -> refused', 'active -> retired', 'retired -> active'];

it.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s -> %s only where the table says so', (from, to) => {
  expect(mayBecome(from, to)).toBe(legal.includes(`${from} -> ${to}`));
});

it('never activates what the gate refused', () => {
  expect(statesBefore('active')).toEqual(['candidate', 'retired']);
});
