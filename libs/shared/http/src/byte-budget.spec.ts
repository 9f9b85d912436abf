import { expect, it } from 'vitest';
import { ByteBudget } from './byte-budget.js';

const soon = () => new Promise((resolve) => setImmediate(resolve));

it('lets in what fits and keeps the rest waiting, in order', async () => {
  const budget = new ByteBudget(100);
  const entered: string[] = [];
  const enter = async (name: string, bytes: number) => {
    const giveBack = await budget.take(bytes);
    entered.push(name);
    return giveBack;
  };
  const first = await enter('first', 60);
  const large = enter('large', 60);
  const small = enter('small', 10); // would fit, but came later
  await soon();
  expect(entered).toEqual(['first']);
  first();
  await Promise.all([large, small]);
  expect(entered).toEqual(['first', 'large', 'small']);
});

it('gives one that is larger than everything the whole to itself', async () => {
  const budget = new ByteBudget(100);
  const giveBack = await budget.take(1_000);
  let isIn = false;
  void budget.take(1).then(() => (isIn = true));
  await soon();
  expect(isIn).toBe(false);
  giveBack();
  await soon();
  expect(isIn).toBe(true);
});

it('takes a place back once', async () => {
  const budget = new ByteBudget(100);
  const giveBack = await budget.take(100);
  giveBack();
  giveBack();
  await budget.take(100);
  let isIn = false;
  void budget.take(1).then(() => (isIn = true));
  await soon();
  expect(isIn).toBe(false);
});
