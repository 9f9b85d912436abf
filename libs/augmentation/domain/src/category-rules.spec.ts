import { expect, it } from 'vitest';
import { rulesFor, slugOf } from './category-rules.js';

it.each([
  ['Carros', 'carros'],
  ['Carrinhos Hot Wheels', 'carros'],
  ['AUTOMÓVEIS antigos', 'carros'],
  ['Moedas do Império', 'moedas'],
  ['Old coins', 'moedas'],
  ['Animais', 'animais'],
  ['Pássaros', 'animais'],
  ['Arte', 'arte'],
  ['Pinturas a óleo', 'arte'],
  ['Cartas', 'none'],
  ['Scarves', 'none'],
  ['Tulips', 'none'],
  ['', 'none'],
])('reads the profile of "%s" from its name', (category, profile) => expect(rulesFor(category).profile).toBe(profile));

it.each(['Moedas', 'Cédulas', 'Notas de banco', 'Selos', 'Cartas Pokémon', 'Cartões-postais', 'coins', 'Banknotes', 'stamps', 'Trading cards', 'Figurinhas', 'Livros', 'Discos de vinil'])(
  'mirrors no %s',
  (category) => expect(rulesFor(category).allowMirror).toBe(false),
);

it.each(['Carros', 'Minerais', 'Animais', 'Flores', 'Cartagena'])('mirrors %s', (category) => expect(rulesFor(category).allowMirror).toBe(true));

it('lets the owner decide otherwise', () => {
  const settings = { profile: 'none', extended: true, allowMirror: true, allowQuarterTurns: false } as const;
  expect(rulesFor('Moedas', settings)).toEqual(settings);
});

it.each([
  ['Moedas do Império', 'moedas-do-imperio'],
  ['  Selos -- raros!  ', 'selos-raros'],
  ['../../etc/passwd', 'etc-passwd'],
  ['a'.repeat(100), 'a'.repeat(60)],
  ['硬币', 'e8031d14f271'],
])('makes the key part of "%s"', (category, slug) => expect(slugOf(category)).toBe(slug));

it('gives two names without Latin letters two key parts', () => expect(slugOf('硬币')).not.toBe(slugOf('邮票')));
