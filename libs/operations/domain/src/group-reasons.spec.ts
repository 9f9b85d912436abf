import { describe, expect, it } from 'vitest';
import { groupKeyOf, patternOf } from './group-reasons.js';

describe('a reason without what differs from message to message', () => {
  it.each([
    ['PhotoUnreadableError: photo 0199a1b2-3d4e-7f50-8a6b-9c0d1e2f3a4b can not be decoded', 'PhotoUnreadableError: photo # can not be decoded'],
    ['item/0199a1b2-3d4e-7f50-8a6b-9c0d1e2f3a4b/0199a1b2-3d4e-7f50-8a6b-9c0d1e2f3a4c.jpg is missing', 'item/#.jpg is missing'],
    [`has SHA-256 ${'0a'.repeat(32)}, expected ${'1b'.repeat(32)}`, 'has # #, expected #'],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED #'],
    ['no answer within 10,000 ms at 2026-11-20T12:54:48.356Z', 'no answer within # ms at #'],
    ['model v20261120125448356-3d2fd0', 'model #'],
    ['The message is not JSON', 'The message is not JSON'],
    ['', ''],
  ])('%s', (reason, pattern) => expect(patternOf(reason)).toBe(pattern));

  it('is short enough for a list', () => expect(patternOf('x'.repeat(2_000))).toHaveLength(400));
});

describe('the group of a letter', () => {
  const key = groupKeyOf({ cause: 'refused', reason: 'photo 1 is missing' });

  it.each([
    ['another id', 'refused', 'photo 2 is missing', true],
    ['another reason', 'refused', 'photo 1 is unreadable', false],
    ['another cause', 'attempts used up', 'photo 1 is missing', false],
  ])('for %s', (_, cause, reason, same) => expect(groupKeyOf({ cause, reason }) === key).toBe(same));
});
