import { imageAugmentations } from '@repo/contracts';
import { newId } from '@repo/kernel';
import type { Letter, LetterId } from '@repo/operations-domain';
import { expect, it } from 'vitest';
import { messageToSend } from './message-to-send.js';
import { photoMessage } from './operations.fixture.js';

const { queue, name } = imageAugmentations;
const body = photoMessage();

function letter({ text, messageName }: { text: string; messageName?: string }): Letter {
  const common = { letterId: newId<LetterId>(), queue, cause: 'refused', reason: 'r', attempt: 1, history: [], deadAt: new Date(), state: 'open' as const };
  return { ...common, text, ...(messageName !== undefined && { messageName, messageId: newId() }) };
}
const holding = (held: unknown, messageName: string = name) => letter({ text: JSON.stringify({ body: held }), messageName });

it.each<[case_: string, letter: Letter, edited: unknown, sends: object]>([
  ['a whole message', holding(body), undefined, { name, body: JSON.stringify(body) }],
  ['another body', holding(body), { ...body, categoria: 'Selos' }, { name, body: JSON.stringify({ ...body, categoria: 'Selos' }) }],
  ['what the schema knows', holding(body), { ...body, extra: 1 }, { name, body: JSON.stringify(body) }],
  ['a body for a message that can not be read', letter({ text: 'no JSON' }), body, { name, body: JSON.stringify(body) }],
  ['a body for an unknown message', holding(body, 'photo.augment.v9'), body, { name, body: JSON.stringify(body) }],
])('sends %s', (_, given, edited, sends) => expect(messageToSend(given, edited)).toEqual(sends));

it.each<[case_: string, letter: Letter, edited: unknown, field: string, message: RegExp]>([
  ['a message that can not be read', letter({ text: 'no JSON' }), undefined, 'body', /can not be read/],
  ['a message of another queue', holding(body, 'photo.remove.v1'), undefined, 'body', /none of this queue's \(photo.remove.v1\)/],
  ['a body that breaks the schema', holding({ ...body, fotoId: 5 }), undefined, 'body.fotoId', /string/],
  ['an edited body that breaks the schema', holding(body), { ...body, settings: { profile: 'x' } }, 'body.settings.profile', /expected one of/],
  ['an edited body that is none', holding(body), null, 'body', /object/],
])('refuses %s', (_, given, edited, field, message) =>
  expect(messageToSend(given, edited)).toEqual({ invalid: [{ field, message: expect.stringMatching(message) }] }));
