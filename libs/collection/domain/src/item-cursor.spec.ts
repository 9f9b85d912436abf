import { InvalidInputError, newId, type ItemId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './item-cursor.js';

it('reads what it wrote', () => {
  const cursor = { createdAt: new Date('2026-03-01T12:00:00.123Z'), id: newId<ItemId>() };
  expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
});

const encoded = (text: string) => Buffer.from(text).toString('base64url');
it.each([
  ['nothing', ''],
  ['noise', '!!!'],
  ['no id', encoded('2026-03-01T12:00:00.123Z')],
  ['another id', encoded('2026-03-01T12:00:00.123Z 7')],
  ['another date', encoded(`2026-03-01 ${newId()}`)],
  ['an impossible date', encoded(`2026-13-01T00:00:00.000Z ${newId()}`)],
  ['more than it wrote', encoded(`2026-03-01T12:00:00.123Z ${newId()} x`)],
])('refuses %s', (_, text) => expect(() => decodeCursor(text)).toThrow(InvalidInputError));
