import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

function spendAll(budget: RetryBudget): number {
  let spent = 0;
  while (budget.spend()) {
    spent++;
  }
  return spent;
}

it('begins with what can be saved up', () => expect(spendAll(new RetryBudget(0.2, 100))).toBe(100));

it('earns a share of a repetition with each call', () => {
  const budget = new RetryBudget(0.2, 100);
  spendAll(budget);
  Array.from({ length: 50 }, () => budget.earn());
  expect(spendAll(budget)).toBeCloseTo(10, -1);
});

it('saves no more than its most', () => {
  const budget = new RetryBudget(0.5, 3);
  Array.from({ length: 50 }, () => budget.earn());
  expect(spendAll(budget)).toBe(3);
});
