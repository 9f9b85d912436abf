/** PostgreSQL can't store NUL, and what goes wrong may well be about such a text: it is kept as the sign for it. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u2400');
}

/** Cut to a column's length. */
export function fit(text: string, maxLength: number): string {
  return storable(text).slice(0, maxLength);
}
