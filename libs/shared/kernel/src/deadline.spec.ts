import { expect, it } from 'vitest';
import { withDeadline } from './deadline.js';

it('passes the answer on', async () => {
  await expect(withDeadline('a quick part', 50, Promise.resolve(7))).resolves.toBe(7);
});

it('gives up on a part that hangs, naming it', async () => {
  await expect(withDeadline('the broker', 5, new Promise(() => {}))).rejects.toThrow('the broker did not answer within 5 ms');
});
