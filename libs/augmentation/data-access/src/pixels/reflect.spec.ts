import { expect, it } from 'vitest';
import { reflect } from './reflect.js';

it('continues a line by its mirror image, without repeating the edge', () => {
  const line = 'abcd';
  const read = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => line[reflect(from + at, line.length)]).join('');
  expect(read(-3, 7)).toBe('dcb' + 'abcd' + 'cba');
  expect(read(-12, -6)).toBe('abcdcb'); // far outside, the pattern goes on
});

it('has one place to go in a line of one pixel', () => expect([-5, 0, 3].map((position) => reflect(position, 1))).toEqual([0, 0, 0]));
