import { expect, it } from 'vitest';
import { newId, parseId, type ItemId } from './ids.js';

it('makes ids that sort by time', () => {
  const ids = Array.from({ length: 50 }, () => newId<ItemId>());
  expect([...ids].sort()).toEqual(ids);
});

it.each(['', 'x', '1; drop table', '00000000-0000-0000-0000'])('refuses "%s" as an id', (text) => {
  expect(() => parseId(text)).toThrow('must be a UUID');
});
