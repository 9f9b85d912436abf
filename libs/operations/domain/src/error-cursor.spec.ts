import { InvalidInputError, newId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { decodeErrorCursor, encodeErrorCursor } from './error-cursor.js';

const encoded = (text: string) => Buffer.from(text).toString('base64url');

it('comes back as it went', () => {
  const cursor = { timestamp: new Date('2026-11-20T12:54:48.356Z'), id: newId() };
  expect(decodeErrorCursor(encodeErrorCursor(cursor))).toEqual(cursor);
});

it.each(['', 'x', encoded('2026-11-20T12:54:48.356Z'), encoded('2026-11-20T12:54:48.356Z 1'), encoded(`2026-11-20 ${newId()}`), encoded(`2026-11-20T12:54:48.356Z ${newId()} x`)])(
  'refuses %j',
  (text) => expect(() => decodeErrorCursor(text)).toThrow(InvalidInputError),
);
