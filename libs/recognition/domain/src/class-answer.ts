import type { OwnedCategory } from './photo-catalogue.js';

/** The class of a photo that fits none well enough (X70). */
export const UNKNOWN_CLASS = 'desconhecido';
const ALTERNATIVES = 3;

export interface ClassGuess {
  /** The category's name as the caller wrote it. */
  readonly classe: string;
  /** Calibrated probability, 0 to 1. */
  readonly confiancaValor: number;
}

export interface ClassAnswer extends ClassGuess {
  /** `confiancaValor` for people, e.g. `92%`. */
  readonly confianca: string;
  /** False below the threshold; then `classe` is `desconhecido` and the alternatives are the best guesses. */
  readonly conhecido: boolean;
  /** The best 3; without the class itself when it is known. */
  readonly alternativas: readonly ClassGuess[];
}

/**
 * What the model says, in the caller's own words. Only classes that are the caller's categories
 * appear; their probabilities stay those of the full softmax, so a photo that looks like somebody
 * else's category is unknown rather than the least unlikely of the caller's.
 *
 * @param probabilities by label; undefined while no model serves
 */
export function answerClass(
  probabilities: Readonly<Record<string, number>> | undefined,
  categories: readonly OwnedCategory[],
  threshold: number,
): ClassAnswer {
  const guesses = categories
    .map(({ name, label }) => ({ classe: name, confiancaValor: probabilityOf(probabilities, label) }))
    .filter((guess): guess is ClassGuess => guess.confiancaValor !== undefined)
    .sort((a, b) => b.confiancaValor - a.confiancaValor || (a.classe < b.classe ? -1 : 1));
  const [best] = guesses;
  if (best && best.confiancaValor >= threshold) {
    return { ...best, confianca: asPercent(best.confiancaValor), conhecido: true, alternativas: guesses.slice(1, 1 + ALTERNATIVES) };
  }
  const confiancaValor = best?.confiancaValor ?? 0;
  return {
    classe: UNKNOWN_CLASS,
    confiancaValor,
    confianca: asPercent(confiancaValor),
    conhecido: false,
    alternativas: guesses.slice(0, ALTERNATIVES),
  };
}

function probabilityOf(probabilities: Readonly<Record<string, number>> | undefined, label: string): number | undefined {
  // Labels are what people typed, `constructor` included.
  return probabilities && Object.hasOwn(probabilities, label) ? probabilities[label] : undefined;
}

/** Rounded down: 0.7499 must not read as 75% next to a threshold of 75%. */
function asPercent(share: number): string {
  return `${Math.floor(share * 100 + 1e-6)}%`;
}
