/** Latin letters whose accent a search ignores: those that Unicode decomposes into one plain letter and marks. */
const accentedLetters = Array.from({ length: 0x17f - 0xc0 + 1 }, (_, at) => String.fromCharCode(0xc0 + at)).filter(
  (letter) => /^[A-Za-z]$/.test(withoutMarks(letter)),
);

/**
 * The two lists that SQL's TRANSLATE (PostgreSQL, and SQL Server from 2017) takes to remove accents.
 * Upper-case letters are in it, since LOWER knows only ASCII under some locales.
 */
export const accented = accentedLetters.join('');
export const plain = accentedLetters.map(withoutMarks).join('');

/** A search of more words is cut: each is a condition of its own. */
const MAX_WORDS = 8;

/** The words of a search as patterns for `LIKE … ESCAPE '!'`, without accents and in lower case; each matches anywhere. */
export function wordPatterns(text: string): string[] {
  const folded = [...text.normalize('NFC')].map((letter) => (accented.includes(letter) ? withoutMarks(letter) : letter)).join('');
  return folded
    .toLowerCase()
    .replace(/\0/g, '') // PostgreSQL can't take it, and no stored text holds it
    .split(/\s+/u)
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => `%${word.replace(/[!%_[]/g, '!$&')}%`);
}

function withoutMarks(letter: string): string {
  return letter.normalize('NFD').replace(/[\u0300-\u036f]/g, '');
}
