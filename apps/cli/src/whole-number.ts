import { UsageError } from './exit-code.js';
import type { Texts } from './texts.js';

/** Reads an option's value. Throws UsageError when it is no whole number from `low` to `high`. */
export function wholeNumber(text: string, option: string, low: number, high: number, texts: Texts): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new UsageError(texts.wrongNumber(option, low, high));
  }
  return value;
}
