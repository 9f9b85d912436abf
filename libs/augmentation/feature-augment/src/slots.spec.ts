import { expect, it } from 'vitest';
import { Slots } from './slots.js';

it('frees the slot of work that fails', async () => {
  const slots = new Slots(1);
  await expect(slots.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(slots.use(() => Promise.resolve('yes'))).resolves.toBe('yes');
});

it('serves in the order of asking', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4, 5].map((number) => slots.use(async () => void order.push(number))));
  expect(order).toEqual([1, 2, 3, 4, 5]);
});
