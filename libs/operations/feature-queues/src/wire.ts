import { bodyOf, type Letter, type LetterGroup, type LoggedError } from '@repo/operations-domain';
import { z } from 'zod';
import type { QueueState } from './dead-letters.service.js';

const instant = z.iso.datetime();

export const queueAnswer = z
  .object({
    name: z.string().meta({ examples: ['ImageAugmentations'] }),
    description: z.string(),
    waiting: z.int().optional().meta({ description: 'Absent while the broker does not answer' }),
    running: z.int().optional().meta({ description: 'Absent where the broker can\'t tell' }),
    dead: z.int().meta({ description: 'Dead letters that nobody replayed or discarded' }),
    oldest: instant.optional().meta({ description: 'When the oldest of them died' }),
  })
  .meta({ id: 'Queue' });
export type QueueAnswer = z.infer<typeof queueAnswer>;

const letterSummary = z.object({
  letterId: z.uuid(),
  cause: z.string().meta({ examples: ['attempts used up'] }),
  reason: z.string().meta({ description: 'The last error' }),
  attempt: z.int().meta({ description: 'The attempt that ended it' }),
  deadAt: instant,
  messageId: z.uuid().optional().meta({ description: 'Absent when the message can\'t be read' }),
  messageName: z.string().optional(),
  itemId: z.uuid().optional(),
  fotoId: z.uuid().optional(),
});

export const groupAnswer = z
  .object({
    groupKey: z.string(),
    cause: z.string(),
    reason: z.string().meta({ description: 'What the reasons have in common; # stands for ids and numbers' }),
    count: z.int(),
    first: instant,
    last: instant,
    samples: z.array(letterSummary).meta({ description: 'The newest, at most 3' }),
  })
  .meta({ id: 'DeadLetterGroup' });
export type GroupAnswer = z.infer<typeof groupAnswer>;

const round = z.object({
  ...letterSummary.shape,
  state: z.enum(['open', 'replayed', 'discarded']),
  history: z.array(z.object({ attempt: z.int(), failedAt: z.string(), error: z.string() })),
  replayedAt: instant.optional(),
  replayMessageId: z.uuid().optional().meta({ description: 'The message that was sent instead' }),
  editedBody: z.unknown().optional().meta({ description: 'Its body, when somebody changed it' }),
  settledBy: z
    .object({ who: z.string().meta({ description: 'User id' }), at: instant, what: z.enum(['replay', 'edit and replay', 'replay group', 'discard']), why: z.string().optional() })
    .optional(),
});

export const letterAnswer = z
  .object({
    ...round.shape,
    queue: z.string(),
    text: z.string().meta({ description: 'The message as it came' }),
    body: z.unknown().optional().meta({ description: 'What it says; absent when it can\'t be read' }),
    rounds: z.array(round).meta({ description: 'Every round of the message, oldest first: what it was a replay of, itself, and what came of its own replay' }),
  })
  .meta({ id: 'DeadLetter' });
export type LetterAnswer = z.infer<typeof letterAnswer>;

/** Control characters and half a surrogate pair can't be stored. */
const why = z.string().trim().min(1).max(400).regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters');

export const replayBody = z.strictObject({ body: z.unknown().optional(), why: why.optional() });
export const groupReplayBody = z.strictObject({ groupKey: z.string().regex(/^[0-9a-f]{32}$/, 'must be the key of a group'), why });
export const discardQuery = z.strictObject({ why });

export const replayAnswer = z.object({ messageId: z.uuid().meta({ description: 'The new message' }) });
export const groupReplayAnswer = z.object({
  replayed: z.int(),
  skipped: z.int().meta({ description: 'Letters that can only be replayed with another body' }),
});

export const errorListQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional().meta({ description: 'From the Link header of the page before' }),
});

export const errorAnswer = z
  .object({ id: z.uuid(), msg: z.string(), reason: z.string(), context: z.record(z.string(), z.unknown()), timestamp: instant })
  .meta({ id: 'LoggedError' });
export type ErrorAnswer = z.infer<typeof errorAnswer>;

export function answerQueue({ name, description, depth, open, oldest }: QueueState): QueueAnswer {
  return { name, description, waiting: depth?.waiting, running: depth?.running, dead: open, oldest: oldest?.toISOString() };
}

export function answerGroup({ groupKey, cause, pattern, count, first, last, samples }: LetterGroup): GroupAnswer {
  return { groupKey, cause, reason: pattern, count, first: first.toISOString(), last: last.toISOString(), samples: samples.map(summarise) };
}

export function answerLetter(letter: Letter, rounds: readonly Letter[]): LetterAnswer {
  return { ...answerRound(letter), queue: letter.queue, text: letter.text, body: bodyOf(letter), rounds: rounds.map(answerRound) };
}

export function answerLoggedError({ id, message, reason, context, timestamp }: LoggedError): ErrorAnswer {
  return { id, msg: message, reason, context: { ...context }, timestamp: timestamp.toISOString() };
}

function summarise({ letterId, cause, reason, attempt, deadAt, messageId, messageName, itemId, photoId }: Letter): z.infer<typeof letterSummary> {
  return { letterId, cause, reason, attempt, deadAt: deadAt.toISOString(), messageId, messageName, itemId, fotoId: photoId };
}

function answerRound(letter: Letter): z.infer<typeof round> {
  const { state, history, replayedAt, replayMessageId, editedBody, settledBy } = letter;
  return {
    ...summarise(letter),
    state,
    history: [...history],
    replayedAt: replayedAt?.toISOString(),
    replayMessageId,
    editedBody: editedBody === undefined ? undefined : (JSON.parse(editedBody) as unknown),
    settledBy: settledBy && { who: settledBy.who, at: settledBy.at.toISOString(), what: settledBy.what, why: settledBy.why },
  };
}
