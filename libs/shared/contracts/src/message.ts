import type { z } from 'zod';

/**
 * A message's name, queue and shape in one value: type, validation and routing come from it.
 * A new field is optional; a new meaning is a new version.
 */
export interface MessageDefinition<Body = unknown> {
  /** e.g. `photo.augment.v1` */
  readonly name: string;
  /** A command has one handler, an event may have many, each with its own queue. */
  readonly kind: 'command' | 'event';
  /** The queue of a command. The documents' names are kept. */
  readonly queue: string;
  readonly schema: z.ZodType<Body>;
  /** One sentence for the message map. */
  readonly purpose: string;
}

export type MessageOf<D> = D extends MessageDefinition<infer Body> ? Body : never;

export function defineCommand<Body>(
  name: `${string}.v${number}`,
  queue: string,
  purpose: string,
  schema: z.ZodType<Body>,
): MessageDefinition<Body> {
  return { name, kind: 'command', queue, schema, purpose };
}

/** What travels: the body and what every handler may want to know about it. */
export interface Envelope<Body = unknown> {
  /** UUID version 7; the same id is the same message, however often it comes. */
  messageId: string;
  name: string;
  /** ISO 8601, UTC. */
  sentAt: string;
  /** 1 for the first delivery. */
  attempt: number;
  /** W3C trace context, when the sender had one. */
  traceparent?: string;
  body: Body;
}
