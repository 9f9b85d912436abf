import { createHash } from 'node:crypto';

const MAX_PATTERN = 400;

/**
 * The reason with `#` for every word that holds a digit: ids, checksums, sizes, times. What is left is the same
 * for a thousand messages that failed alike.
 */
export function patternOf(reason: string): string {
  return reason
    .replace(/[\w-]+/g, (word) => (/\d/.test(word) ? '#' : word))
    .replace(/#(?:[.,:/+]+#)+/g, '#')
    .slice(0, MAX_PATTERN);
}

/** Names the group of a letter within its queue: 32 hex digits. */
export function groupKeyOf({ cause, reason }: { cause: string; reason: string }): string {
  return createHash('sha256').update(`${cause}\n${patternOf(reason)}`).digest('hex').slice(0, 32);
}
