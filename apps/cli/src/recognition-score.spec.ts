import { expect, it } from 'vitest';
import type { Classification } from './api-client.js';
import { score } from './recognition-score.js';

const answer = (conhecido: boolean, classe: string, first: string, similar: string): Classification => ({
  conhecido,
  classe,
  confianca: '90%',
  confiancaValor: 0.9,
  alternativas: [{ classe: first, confiancaValor: 0.1 }],
  itemsSemelhantes: [{ id: similar, nome: '', categoria: '', foto: '', distancia: 0.1 }],
});

it('counts the class when the model is sure, and its first guess when it is not', () => {
  expect(
    score([
      [{ category: 'Moedas', itemId: 'a' }, answer(true, 'Moedas', 'Selos', 'a')],
      [{ category: 'Moedas', itemId: 'b' }, answer(true, 'Selos', 'Moedas', 'a')],
      [{ category: 'Moedas' }, answer(false, 'desconhecido', 'Moedas', 'a')],
      [{ category: 'Selos' }, answer(false, 'desconhecido', 'Moedas', 'a')],
    ]),
  ).toEqual({ asked: 4, right: 2, sure: 2, foundItself: 1 });
});
