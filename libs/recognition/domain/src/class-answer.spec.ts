import { expect, it } from 'vitest';
import { answerClass } from './class-answer.js';

const mine = ['Moedas', 'Selos', 'Carros', 'Árvores'].map((name) => ({ name, label: name.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase() }));

it('answers the best class in the caller\'s words', () => {
  expect(answerClass({ moedas: 0.03, arvores: 0.92, selos: 0.04, carros: 0.01 }, mine, 0.75)).toEqual({
    classe: 'Árvores',
    confianca: '92%',
    confiancaValor: 0.92,
    conhecido: true,
    alternativas: [
      { classe: 'Selos', confiancaValor: 0.04 },
      { classe: 'Moedas', confiancaValor: 0.03 },
      { classe: 'Carros', confiancaValor: 0.01 },
    ],
  });
});

it('shows the three best guesses below the threshold', () => {
  const answer = answerClass({ moedas: 0.3, arvores: 0.4, selos: 0.2, carros: 0.1 }, mine, 0.75);
  expect(answer).toMatchObject({ classe: 'desconhecido', confianca: '40%', confiancaValor: 0.4, conhecido: false });
  expect(answer.alternativas.map(({ classe }) => classe)).toEqual(['Árvores', 'Moedas', 'Selos']);
});

it.each([
  [0.75, true, '75%'],
  [0.7499, false, '74%'],
  [1, true, '100%'],
  [0.29, false, '29%'],
])('a probability of %d is known: %s, and reads %s', (probability, conhecido, confianca) => {
  expect(answerClass({ moedas: probability }, mine, 0.75)).toMatchObject({ conhecido, confianca });
});

it('never names a class that is not the caller\'s, and keeps the full probabilities', () => {
  const answer = answerClass({ segredos: 0.9, moedas: 0.08, selos: 0.02 }, mine, 0.75);
  expect(answer).toMatchObject({ classe: 'desconhecido', confiancaValor: 0.08 });
  expect(JSON.stringify(answer)).not.toContain('segredos');
});

it.each([
  ['no model serves', undefined, mine],
  ['the caller has no category', { moedas: 0.99 }, []],
  ['the model knows none of the caller\'s', { segredos: 1 }, mine],
  ['the category was deleted since the training', { carros: 0.98, moedas: 0.02 }, mine.filter(({ label }) => label === 'arvores')],
  ['a category is called like a property of every object', { moedas: 1 }, [{ name: 'constructor', label: 'constructor' }]],
])('is unknown when %s', (_, probabilities, categories) => {
  expect(answerClass(probabilities, categories, 0.75)).toEqual({
    classe: 'desconhecido',
    confianca: '0%',
    confiancaValor: 0,
    conhecido: false,
    alternativas: [],
  });
});
