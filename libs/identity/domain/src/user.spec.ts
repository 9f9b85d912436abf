import { InvalidInputError } from '@repo/kernel';
import { expect, it } from 'vitest';
import { normaliseEmail } from './user.js';

it.each([
  [' Ana@Example.COM ', 'ana@example.com'],
  ['a+b@c', 'a+b@c'],
])('keeps "%s" as "%s"', (email, expected) => expect(normaliseEmail(email)).toBe(expected));

it.each(['', 'ana', '@example.com', 'ana@', 'a b@c.d', 'a@b@c', 'a\0@b.c', `${'x'.repeat(320)}@y.z`])('refuses "%s"', (email) => {
  expect(() => normaliseEmail(email)).toThrow(InvalidInputError);
});
