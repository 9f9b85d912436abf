import { InvalidInputError } from '@repo/kernel';
import { expect, it } from 'vitest';
import { LastPhotoError, TooManyPhotosError } from './collection-errors.js';
import { checkPhotoRemovable, checkPhotosFit, cleanDescription, cleanItemName } from './item.js';

it.each([
  ['  Dobrão  de ouro ', 'Dobrão de ouro'],
  ['x'.repeat(200), 'x'.repeat(200)],
])('keeps the name "%s" as "%s"', (name, expected) => expect(cleanItemName(name)).toBe(expected));

it.each(['', '  ', 'x'.repeat(201), 'a\0', '\ud800'])('refuses the name "%s"', (name) => {
  expect(() => cleanItemName(name)).toThrow(InvalidInputError);
});

it.each([
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
  ['  \n ', undefined],
  ['x'.repeat(5000), 'x'.repeat(5000)],
])('keeps the description "%s"', (text, expected) => expect(cleanDescription(text)).toBe(expected));

it.each(['x'.repeat(5001), 'a\0', 'a\u001b', '\udc00'])('refuses a description', (text) => {
  expect(() => cleanDescription(text)).toThrow(InvalidInputError);
});

it.each([
  [0, 10, true],
  [0, 11, false],
  [40, 10, true],
  [41, 10, false],
  [50, 0, true],
])('%i photos and %i more fit: %s', (present, added, fits) => {
  const check = () => checkPhotosFit(present, added);
  if (fits) {
    expect(check).not.toThrow();
  } else {
    expect(check).toThrow(TooManyPhotosError);
  }
});

it('keeps the last photo', () => {
  expect(() => checkPhotoRemovable(1)).toThrow(LastPhotoError);
  expect(() => checkPhotoRemovable(2)).not.toThrow();
});
