import { z } from 'zod';
import type { Envelope, MessageDefinition } from '@repo/contracts';
import { InvalidInputError, newId, parseId } from '@repo/kernel';
import { currentTraceparent } from '@repo/observability';
import type { PublishOptions } from './message-bus.js';
import { UndeliverableError } from './retry-policy.js';

/** Messages name things, they don't carry them: photos lie in the object store. */
const maxCharacters = 1_000_000;

const envelopeShape = z.object({
  messageId: z.uuid(),
  name: z.string().min(1),
  sentAt: z.iso.datetime(),
  traceparent: z.string().optional(),
  body: z.unknown(),
});

/** A message as it travels. The text stays as it is from here to its end, so that even a dead letter shows exactly what came. */
export interface WrittenMessage {
  messageId: string;
  text: string;
}

/** Checks the body and wraps it. Throws InvalidInputError for a body that breaks the schema or is too large. */
export function writeEnvelope<Body>(message: MessageDefinition<Body>, body: Body, options: PublishOptions = {}): WrittenMessage {
  const checked = message.schema.safeParse(body);
  if (!checked.success) {
    throw new InvalidInputError(`The body of ${message.name} breaks its schema: ${z.prettifyError(checked.error)}`);
  }
  const messageId = options.messageId === undefined ? newId() : parseId(options.messageId, 'messageId');
  const text = JSON.stringify({
    messageId,
    name: message.name,
    sentAt: new Date().toISOString(),
    traceparent: options.traceparent ?? currentTraceparent(),
    body: checked.data,
  });
  if (text.length > maxCharacters) {
    throw new InvalidInputError(`${message.name} has ${text.length} characters, at most ${maxCharacters} travel`);
  }
  return { messageId, text };
}

/** Throws UndeliverableError saying what is wrong with the text. */
export function readEnvelope<Body>(message: MessageDefinition<Body>, text: string, attempt: number): Envelope<Body> {
  const envelope = readAnyEnvelope(text, attempt);
  if (envelope.name !== message.name) {
    throw new UndeliverableError('unknown message', `${message.queue} carries ${message.name}, got "${envelope.name.slice(0, 100)}"`);
  }
  const body = message.schema.safeParse(envelope.body);
  if (!body.success) {
    throw new UndeliverableError('malformed', `The body of ${message.name} breaks its schema: ${z.prettifyError(body.error)}`);
  }
  return { ...envelope, body: body.data };
}

/** The envelope whatever its message; throws UndeliverableError when the text is none. */
export function readAnyEnvelope(text: string, attempt: number): Envelope {
  if (text.length > maxCharacters) {
    throw new UndeliverableError('malformed', `The message has ${text.length} characters, at most ${maxCharacters} travel`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UndeliverableError('malformed', 'The message is not JSON', { cause });
  }
  const envelope = envelopeShape.safeParse(json);
  if (!envelope.success) {
    throw new UndeliverableError('malformed', `The message has no valid envelope: ${z.prettifyError(envelope.error)}`);
  }
  return { ...envelope.data, attempt };
}
