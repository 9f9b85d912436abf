import { InvalidInputError } from '@repo/kernel';

// NUL can't be stored by PostgreSQL, half a surrogate pair by neither database; the others break lists and logs.
const unstorable = /[\p{Cc}\p{Cs}]/u;
const unstorableInProse = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;

/**
 * One line of text as it is kept: composed (NFC), trimmed, inner white space collapsed.
 * Lengths count UTF-16 units, which both databases can hold in a column of that size.
 * Throws InvalidInputError when it is empty, longer than `maxLength` or holds control characters.
 */
export function cleanLine(what: string, text: string, maxLength: number): string {
  const line = text.normalize('NFC').trim().replace(/\s+/gu, ' ');
  if (line.length === 0 || line.length > maxLength) {
    throw new InvalidInputError(`${what} must have 1 to ${maxLength} characters, got ${line.length}`);
  }
  if (unstorable.test(line)) {
    throw new InvalidInputError(`${what} must not hold control characters`);
  }
  return line;
}

/** Free text as it is kept: composed (NFC) and trimmed, lines preserved; `undefined` when nothing is left. Throws InvalidInputError. */
export function cleanProse(what: string, text: string, maxLength: number): string | undefined {
  const prose = text.normalize('NFC').trim();
  if (prose.length > maxLength) {
    throw new InvalidInputError(`${what} must have at most ${maxLength} characters, got ${prose.length}`);
  }
  if (unstorableInProse.test(prose)) {
    throw new InvalidInputError(`${what} must not hold control characters`);
  }
  return prose || undefined;
}
