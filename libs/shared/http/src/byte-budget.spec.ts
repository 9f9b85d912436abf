import { TemporaryError } from '@repo/kernel';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ByteBudget } from './byte-budget.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const PATIENCE_MS = 1_000;
const soon = () => vi.advanceTimersByTimeAsync(0);

/** A budget of 100 that writes down who was let in, in order. */
function watched() {
  const budget = new ByteBudget(100, PATIENCE_MS);
  const entered: string[] = [];
  const enter = async (name: string, bytes: number, owner = name) => {
    const giveBack = await budget.take(bytes, owner);
    entered.push(name);
    return giveBack;
  };
  return { entered, enter };
}

it('lets in what fits and keeps the rest waiting, in order', async () => {
  const { entered, enter } = watched();
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
  const { entered, enter } = watched();
  const giveBack = await enter('huge', 1_000);
  const small = enter('small', 1);
  await soon();
  expect(entered).toEqual(['huge']);
  giveBack();
  await small;
});

it('takes a place back once', async () => {
  const { entered, enter } = watched();
  const giveBack = await enter('first', 100);
  giveBack();
  giveBack();
  await enter('second', 100);
  enter('third', 1).catch(() => {});
  await soon();
  expect(entered).toEqual(['first', 'second']);
});

it('keeps no one waiting for another\'s many uploads', async () => {
  const { entered, enter } = watched();
  const giveBack = await enter('one of mine', 60, 'me');
  const mine = enter('another of mine', 30, 'me');
  await enter('yours', 30, 'you');
  expect(entered).toEqual(['one of mine', 'yours']);
  giveBack();
  await mine;
});

it('says so when there is no room for too long, and lets those behind in', async () => {
  const { entered, enter } = watched();
  await enter('first', 60);
  const refused = expect(enter('large', 60)).rejects.toThrow(TemporaryError);
  await vi.advanceTimersByTimeAsync(PATIENCE_MS / 2);
  const small = enter('small', 10);
  await vi.advanceTimersByTimeAsync(PATIENCE_MS / 2);
  await Promise.all([refused, small]);
  expect(entered).toEqual(['first', 'small']);
});
