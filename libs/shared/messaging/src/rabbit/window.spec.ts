import { setTimeout as sleep } from 'node:timers/promises';
import { TemporaryError } from '@repo/kernel';
import { expect, it } from 'vitest';
import { Window } from './window.js';

it('lets in as many as there is room for, the others in their order as places come free', async () => {
  const window = new Window(2);
  const inside: number[] = [];
  const entries = [1, 2, 3, 4].map((n) => window.enter(1_000).then(() => inside.push(n)));
  await sleep(5);
  expect(inside).toEqual([1, 2]);
  window.leave();
  await sleep(5);
  expect(inside).toEqual([1, 2, 3]);
  window.leave();
  await Promise.all(entries);
  expect(inside).toEqual([1, 2, 3, 4]);
});

it('sends away who waited too long, and gives the place to the next', async () => {
  const window = new Window(1);
  await window.enter(5);
  await expect(window.enter(5)).rejects.toThrow(TemporaryError);
  const next = window.enter(1_000);
  window.leave();
  await next;
});

it('has all its places again after everybody left', async () => {
  const window = new Window(2);
  for (let round = 0; round < 3; round++) {
    await Promise.all([window.enter(5), window.enter(5)]);
    window.leave();
    window.leave();
  }
});
