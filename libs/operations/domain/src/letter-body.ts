import type { DeadMessage } from './letter.js';

type Readable = Pick<DeadMessage, 'queue' | 'messageId' | 'text'>;

/** What the letter's envelope holds; undefined when it has none. */
export function bodyOf({ messageId, text }: Readable): unknown {
  return messageId === undefined ? undefined : (JSON.parse(text) as { body: unknown }).body;
}

/**
 * The same message once more: a relay that dies between publishing and noting it publishes twice, a moment apart.
 * Another body under the same id is another message.
 */
export function isCopy(one: Readable, other: Readable): boolean {
  return one.messageId !== undefined && one.queue === other.queue && one.messageId === other.messageId && JSON.stringify(bodyOf(one)) === JSON.stringify(bodyOf(other));
}
