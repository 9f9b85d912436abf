import { expect, it } from 'vitest';
import { chooseLanguage } from './language.js';
import { texts } from './texts.js';

it.each([
  ['the option', 'pt', { LANG: 'en_GB.UTF-8' }, 'pt'],
  ['the option over a Portuguese system', 'en', { LANG: 'pt_BR.UTF-8' }, 'en'],
  ['the system', undefined, { LANG: 'pt_BR.UTF-8' }, 'pt'],
  ['LC_ALL before LANG', undefined, { LC_ALL: 'C', LANG: 'pt_BR' }, 'en'],
  ['LANG when LC_ALL is empty', undefined, { LC_ALL: '', LANG: 'pt_PT' }, 'pt'],
  ['English for the rest of the world', undefined, { LANG: 'de_DE' }, 'en'],
  ['English when nothing is said', undefined, {}, 'en'],
])('takes %s', (_, wanted, environment, expected) => expect(chooseLanguage(wanted, environment)).toBe(expected));

it('refuses a language it does not speak', () => {
  expect(() => chooseLanguage('fr', {})).toThrow('--lang is en or pt');
});

it.each(Object.keys(texts.en.help) as (keyof typeof texts.en.help)[])('names the same options in both helps of %s', (command) => {
  const options = (help: string) => [...new Set(help.match(/--[a-z]+/g))].sort();
  expect(options(texts.pt.help[command])).toEqual(options(texts.en.help[command]));
});
