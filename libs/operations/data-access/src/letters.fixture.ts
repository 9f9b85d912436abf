import { newId, type ItemId, type PhotoId } from '@repo/kernel';
import type { AuditEntry, DeadMessage, LetterId, Replay } from '@repo/operations-domain';

export const QUEUE = 'ImageAugmentations';

/** A minute later with each call, so that order is never left to chance. */
let minute = 0;
export const nextMinute = () => new Date(Date.UTC(2026, 2, 1, 12, (minute += 1)));

export function deadMessage(overrides: Partial<DeadMessage> = {}): DeadMessage {
  const [messageId, itemId, photoId, deadAt] = [newId(), newId<ItemId>(), newId<PhotoId>(), nextMinute()];
  return {
    ...{ letterId: newId<LetterId>(), queue: QUEUE, messageId, messageName: 'photo.augment.v1', itemId, photoId, deadAt },
    cause: 'attempts used up',
    reason: `TemporaryError: photo ${photoId} can't be read`,
    attempt: 3,
    history: [1, 2, 3].map((attempt) => ({ attempt, failedAt: deadAt.toISOString(), error: 'TemporaryError' })),
    text: JSON.stringify({ messageId, body: { itemId, fotoId: photoId } }),
    ...overrides,
  };
}

export function auditEntry(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return { id: newId(), who: newId(), at: nextMinute(), what: 'replay', queue: QUEUE, why: 'the store is back', ...overrides };
}

export function replayOf({ letterId, queue, messageName = 'photo.augment.v1' }: DeadMessage, overrides: Partial<Replay> = {}): Replay {
  return { letterId, queue, messageName, messageId: newId(), body: '{"a":1}', edited: false, at: nextMinute(), ...overrides };
}

/** What operations reads and writes of other subjects' tables. */
export const foreignTables = {
  collection: [
    `CREATE TABLE "Outbox" ("id" uuid PRIMARY KEY, "queue" varchar(100) NOT NULL, "messageName" varchar(100) NOT NULL, "messageId" uuid NOT NULL,
       "body" text NOT NULL, "traceparent" varchar(100), "createdAt" timestamptz(3) NOT NULL, "sentAt" timestamptz(3), "attempts" integer NOT NULL, "claimedUntil" timestamptz(3))`,
    'CREATE TABLE "Fotos" ("id" uuid PRIMARY KEY)',
  ],
  learning: [
    'CREATE TABLE augmentation_jobs (photo_id uuid PRIMARY KEY, status text NOT NULL, lease_until timestamptz NOT NULL, error_type text)',
    'CREATE TABLE removed_photos (photo_id uuid PRIMARY KEY)',
  ],
};
