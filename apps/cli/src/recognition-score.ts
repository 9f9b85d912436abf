import type { Classification } from './api-client.js';

/** A photo that the platform has not seen, and what it shows. */
export interface Question {
  readonly category: string;
  /** The item's id when its other photos were uploaded; undefined for a thing never seen. */
  readonly itemId?: string | undefined;
}

/** How a number of answers came out. */
export interface Score {
  readonly asked: number;
  /** The right class came first. */
  readonly right: number;
  /** The model was sure enough to name a class by itself. */
  readonly sure: number;
  /** The very thing came first among the similar items. */
  readonly foundItself: number;
}

export function score(answers: readonly (readonly [Question, Classification])[]): Score {
  const count = (isSo: (question: Question, answer: Classification) => boolean) => answers.filter(([question, answer]) => isSo(question, answer)).length;
  return {
    asked: answers.length,
    right: count(({ category }, answer) => bestGuess(answer) === category),
    sure: count((_, answer) => answer.conhecido),
    foundItself: count(({ itemId }, answer) => itemId !== undefined && answer.itemsSemelhantes[0]?.id === itemId),
  };
}

/** The class itself, or the first of the guesses when the model is not sure. */
export function bestGuess({ conhecido, classe, alternativas }: Classification): string | undefined {
  return conhecido ? classe : alternativas[0]?.classe;
}
