/**
 * What makes two texts the same to people: Unicode NFKD, without accents, without case, without
 * what nobody sees (joiners, marks of direction), inner spaces collapsed, trimmed. Vowel signs of
 * other scripts are letters, not accents, and stay.
 */
export function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(accents, '')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '') // as Unicode's NFKC_Casefold does
    // Upper first: folds what has no single lower case, such as ß.
    .toUpperCase()
    .toLowerCase()
    .replace(accents, '') // lower-casing İ brings one back
    .normalize('NFC') // what was not taken apart for accents, such as Hangul
    .replace(/\s+/gu, ' ')
    .trim();
}

const accents = /[\u0300-\u036f]/g;
