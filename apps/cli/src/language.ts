import { UsageError } from './exit-code.js';

export type Language = 'en' | 'pt';

/**
 * Portuguese where the person or their system says so, else English.
 *
 * @param wanted from `--lang`; undefined when not given. Throws UsageError for another language.
 */
export function chooseLanguage(wanted: string | undefined, environment: NodeJS.ProcessEnv): Language {
  if (wanted === 'en' || wanted === 'pt') {
    return wanted;
  }
  if (wanted !== undefined) {
    throw new UsageError(`--lang is en or pt, not "${wanted}"`);
  }
  // The order in which POSIX reads them; an empty one counts as absent.
  const locale = environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '';
  return /^pt/i.test(locale) ? 'pt' : 'en';
}
