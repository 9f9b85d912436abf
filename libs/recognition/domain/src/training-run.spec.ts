import { expect, it } from 'vitest';
import { canBecome, isFinished, statusesBefore, type TrainingStatus } from './training-run.js';

const all: TrainingStatus[] = ['queued', 'running', 'done', 'refused', 'failed', 'cancelled'];
const legal = [
  'queued -> running',
  'queued -> cancelled',
  'queued -> failed',
  'running -> queued',
  'running -> done',
  'running -> refused',
  'running -> failed',
  'running -> cancelled',
];

it.each(all.flatMap((from) => all.map((to) => [from, to] as const)))('%s -> %s only where the table says so', (from, to) => {
  expect(canBecome(from, to)).toBe(legal.includes(`${from} -> ${to}`));
});

it.each([
  ['queued', false],
  ['running', false],
  ['done', true],
  ['refused', true],
  ['failed', true],
  ['cancelled', true],
] as const)('%s is finished: %s', (status, expected) => expect(isFinished(status)).toBe(expected));

it('knows what a cancelled training may have been', () => {
  expect(statusesBefore('cancelled')).toEqual(['queued', 'running']);
});
