import { messages } from '@repo/contracts';
import type { InvalidField } from '@repo/http';
import { bodyOf, type Letter } from '@repo/operations-domain';

/** A message that its handler will understand, or why there is none. */
export type MessageToSend = { readonly name: string; readonly body: string } | { readonly invalid: readonly InvalidField[] };

/**
 * The message of a letter, checked as it would be before any publication.
 *
 * @param editedBody takes the place of the letter's own
 */
export function messageToSend(letter: Letter, editedBody?: unknown): MessageToSend {
  const ofQueue = messages.filter(({ queue }) => queue === letter.queue);
  const own = ofQueue.find(({ name }) => name === letter.messageName);
  if (editedBody === undefined && !own) {
    const found = letter.messageName === undefined ? 'can not be read' : `is none of this queue's (${letter.messageName})`;
    return { invalid: [{ field: 'body', message: `The message ${found}: it can only be replayed with a body` }] };
  }
  // A letter that can't be read says nothing of its version: the newest is the last.
  const message = own ?? ofQueue.at(-1)!;
  const checked = message.schema.safeParse(editedBody === undefined ? bodyOf(letter) : editedBody);
  return checked.success
    ? { name: message.name, body: JSON.stringify(checked.data) }
    : { invalid: checked.error.issues.map(({ path, message: text }) => ({ field: ['body', ...path].join('.'), message: text })) };
}
