import type { Message } from 'amqplib';
import { z } from 'zod';
import type { DeadLetter, FailedAttempt } from '../dead-letter.js';
import { letterOf } from '../letter-of.js';
import { deadLetterCauses, type DeadLetterCause } from '../retry-policy.js';

/** A message as AMQP carries it: the envelope as text, and in the headers what has become of it so far. */
export interface Parcel {
  text: string;
  messageId?: string;
  /** The message's name, for people who look into a queue. */
  type?: string;
  headers: Record<string, string | number>;
}

/** A message in hand. */
export interface CarriedMessage {
  text: string;
  messageId?: string;
  type?: string;
  /** Deliveries that ended without any outcome, because the process died. */
  crashes: number;
  /** Attempts that failed with an error. */
  history: FailedAttempt[];
}

const historyShape = z.array(z.object({ attempt: z.number(), failedAt: z.string(), error: z.string() }));
const crashesShape = z.number().int().nonnegative();
const deathShape = z.object({ cause: z.enum(deadLetterCauses), reason: z.string(), attempt: z.number() });
const brokersStoryShape = z.array(z.object({ reason: z.string(), queue: z.string() })).min(1);

/** Headers of strangers are left out: a message without ours has no story yet. */
export function carriedIn({ content, properties: { headers = {}, messageId, type } }: Message): CarriedMessage {
  const history = historyShape.safeParse(parseJson(headers['history']));
  const crashes = crashesShape.safeParse(headers['crashes']);
  return {
    text: content.toString(),
    messageId: textOrNothing(messageId),
    type: textOrNothing(type),
    crashes: crashes.success ? crashes.data : 0,
    history: history.success ? history.data : [],
  };
}

export function parcelOf({ crashes, history, ...message }: CarriedMessage): Parcel {
  return {
    ...message,
    headers: {
      ...(crashes > 0 && { crashes }),
      ...(history.length > 0 && { history: JSON.stringify(history) }),
    },
  };
}

/** The attempt that the next delivery is, 1 for the first. */
export function nextAttempt({ crashes, history }: CarriedMessage): number {
  return crashes + history.length + 1;
}

export function parcelOfDead(message: CarriedMessage, { cause, reason, attempt, history }: DeadLetter): Parcel {
  const parcel = parcelOf({ ...message, history });
  return { ...parcel, headers: { ...parcel.headers, cause, reason, attempt } };
}

/** The dead letter of `queue` that lies in an AMQP message. One that the broker moved there itself tells of it in `x-death`. */
export function letterIn(queue: string, message: Message): DeadLetter {
  const carried = carriedIn(message);
  const { headers = {} } = message.properties;
  const death = deathShape.safeParse(headers);
  const { cause, reason, attempt } = death.success ? death.data : { ...explain(headers['x-death']), attempt: nextAttempt(carried) };
  return letterOf({ queue, cause, reason, attempt, history: carried.history, text: carried.text });
}

function explain(xDeath: unknown): { cause: DeadLetterCause; reason: string } {
  const story = brokersStoryShape.safeParse(xDeath);
  if (!story.success) {
    return { cause: 'malformed', reason: 'put among the dead letters by hand' };
  }
  const { reason, queue } = story.data[0]!;
  switch (reason) {
    case 'delivery_limit':
      return { cause: 'crashed the worker', reason: `RabbitMQ delivered it from ${queue} as often as is allowed, never with an outcome` };
    case 'rejected':
      return { cause: 'refused', reason: `a consumer of ${queue} that is none of ours rejected it` };
    default:
      return { cause: 'attempts used up', reason: `RabbitMQ removed it from ${queue}: ${reason}` };
  }
}

function parseJson(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
}

const textOrNothing = (value: unknown) => (typeof value === 'string' ? value : undefined);
