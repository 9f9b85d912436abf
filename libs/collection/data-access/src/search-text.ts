import { foldText } from '@repo/collection-domain';

/** A search of more words is cut: each is a condition of its own. */
const MAX_WORDS = 8;

/**
 * What searches look into. Kept beside the texts: neither database compares without accents
 * in words that the other knows, nor as fast.
 */
export function searchText(name: string, description: string | null): string {
  return [name, description ?? ''].map(foldText).join('\n');
}

/** The words of a search as patterns for `LIKE … ESCAPE '!'`; each matches anywhere. */
export function wordPatterns(text: string): string[] {
  return foldText(text)
    .replace(/\0/g, '') // PostgreSQL can't take it, and no stored text holds it
    .split(' ')
    .filter((word) => word !== '')
    .slice(0, MAX_WORDS)
    .map((word) => `%${word.replace(/[!%_[]/g, '!$&')}%`);
}
