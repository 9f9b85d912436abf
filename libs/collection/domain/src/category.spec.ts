import { InvalidInputError, newId, type CategoryId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { checkCategoryRemovable, cleanCategoryName, normaliseCategoryName, readCategoryReference } from './category.js';
import { CategoryInUseError } from './collection-errors.js';

it.each([
  ['Moedas', 'moedas'],
  ['  Moedas \t antigas ', 'moedas antigas'],
  ['CAFÉ', 'cafe'],
  ['cafe\u0301', 'cafe'],
  ['Maçãs', 'macas'],
  ['Straße', 'strasse'],
  ['STRASSE', 'strasse'],
  ['İstanbul', 'istanbul'],
  ['ΟΔΟΣ', 'οδος'],
  ['οδόσ', 'οδος'],
  ['Ｃａｒｒｏｓ', 'carros'],
  ['ﬁguras', 'figuras'],
  ['a\u00a0b', 'a b'],
  ['がか', 'がか'],
  ['한국 동전', '한국 동전'],
  ['🪙', '🪙'],
  ['Mo\u200bedas\u202e', 'moedas'],
])('compares "%s" as "%s"', (name, expected) => expect(normaliseCategoryName(name)).toBe(expected));

it('keeps vowel signs, which are letters in other scripts', () => {
  expect(normaliseCategoryName('कि')).not.toBe(normaliseCategoryName('कु'));
});

it.each([
  ['  Moedas \n antigas ', 'Moedas antigas'],
  ['cafe\u0301', 'café'],
  ['x'.repeat(200), 'x'.repeat(200)],
])('keeps "%s" as "%s"', (name, expected) => expect(cleanCategoryName(name)).toBe(expected));

it.each([
  ['nothing', ''],
  ['blanks', ' \t\u00a0'],
  ['201 characters', 'x'.repeat(201)],
  ['a NUL', 'a\0b'],
  ['an escape', 'a\u001b[31m'],
  ['half a surrogate pair', 'a\ud83e'],
  ['accents alone', '\u0301\u0301'],
  ['what nobody sees', '\u200b\u200d\u202e'],
  ['an id, which would be taken for one', newId().toUpperCase()],
  ['what grows beyond the column', '\ufdfa'.repeat(200)],
])('refuses a name of %s', (_, name) => expect(() => cleanCategoryName(name)).toThrow(InvalidInputError));

it('takes a UUID for an id and anything else for a name', () => {
  const id = newId<CategoryId>();
  expect(readCategoryReference(` ${id.toUpperCase()} `)).toEqual({ id });
  expect(readCategoryReference(' Selos ')).toEqual({ name: 'Selos' });
  expect(readCategoryReference(`${id}0`)).toEqual({ name: `${id}0` });
});

const category = { id: newId<CategoryId>(), itemCount: 2 };
it.each([
  ['an empty one', { ...category, itemCount: 0 }, undefined, undefined],
  ['one in use', category, undefined, CategoryInUseError],
  ['one whose items move', category, newId<CategoryId>(), undefined],
  ['one whose items move to itself', category, category.id, InvalidInputError],
])('deletes %s or says why not', (_, subject, moveTo, error) => {
  const check = () => checkCategoryRemovable(subject, moveTo);
  if (error) {
    expect(check).toThrow(error);
  } else {
    expect(check).not.toThrow();
  }
});
