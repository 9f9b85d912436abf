import { expect, it } from 'vitest';
import { Signal } from './signal.js';

const isDone = async (promise: Promise<void>) => Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), 20))]);

it('wakes who waits', async () => {
  const signal = new Signal();
  const waiting = signal.wait(60_000);
  signal.ring();
  expect(await isDone(waiting)).toBe(true);
});

it('keeps a ring for the next wait, and only for that', async () => {
  const signal = new Signal();
  signal.ring();
  signal.ring();
  expect(await isDone(signal.wait(60_000))).toBe(true);
  const next = signal.wait(60_000);
  expect(await isDone(next)).toBe(false);
  signal.ring();
  await next;
});

it('waits no longer than asked for', async () => {
  expect(await isDone(new Signal().wait(1))).toBe(true);
});
