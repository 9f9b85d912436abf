import { CollectionDatabase, inTransaction, instant, LearningDatabase, translateDatabaseErrors } from '@repo/database';
import { newId, type PhotoId } from '@repo/kernel';
import { SentMessageLog, type JobState, type MessageTraces, type SentMessage } from '@repo/operations-domain';
import { In } from 'typeorm';
import { DeadLetterRow } from './dead-letter.row.js';
import { OutboxEntryRow } from './outbox-entry.row.js';

type Work = Pick<MessageTraces, 'isMarkedRemoved' | 'job'>;

/** Reads the collection's and the augmentation's tables by their names. */
export class SqlSentMessageLog extends SentMessageLog {
  constructor(
    private readonly collection: CollectionDatabase,
    private readonly learning: LearningDatabase,
  ) {
    super();
  }

  page(messageName: string, sent: { from: Date; until: Date }, limit: number, after?: SentMessage): Promise<SentMessage[]> {
    return translateDatabaseErrors(async () => {
      const { source } = this.collection;
      const query = source
        .getRepository(OutboxEntryRow)
        .createQueryBuilder('entry')
        .where('entry.messageName = :messageName AND entry.sentAt >= :from AND entry.sentAt <= :until', {
          messageName,
          from: instant(source, sent.from),
          until: instant(source, sent.until),
        })
        .orderBy('entry.sentAt')
        .addOrderBy('entry.id')
        .take(limit);
      if (after) {
        query.andWhere('(entry.sentAt > :at OR (entry.sentAt = :at AND entry.id > :id))', { at: instant(source, after.sentAt), id: after.id });
      }
      const rows = await query.getMany();
      return rows.map(({ id, messageId, body, sentAt }) => ({ id, messageId, body, sentAt: sentAt! }));
    });
  }

  async tracesOf(messages: readonly { messageId: string; photoId: PhotoId }[]): Promise<MessageTraces[]> {
    if (messages.length === 0) {
      return [];
    }
    const photoIds = messages.map(({ photoId }) => photoId);
    const [photos, letters, work] = await Promise.all([this.existing(photoIds), this.deadLetters(messages.map(({ messageId }) => messageId)), this.workOn(photoIds)]);
    return messages.map(({ messageId, photoId }) => ({
      photoExists: photos.has(photoId),
      isDeadLetter: letters.has(messageId),
      ...work.get(photoId)!,
    }));
  }

  sendAgain(messages: readonly SentMessage[], at: Date): Promise<number> {
    return inTransaction(this.collection.source, async (manager) => {
      let count = 0;
      for (const { id, messageId } of messages) {
        const next = { messageId: newId(), createdAt: new Date(at.getTime() + count), sentAt: null, attempts: 0, claimedUntil: null };
        // Under its old id it is there only for the first who comes.
        const { affected } = await manager.update(OutboxEntryRow, { id, messageId }, next);
        if (affected === 1) {
          await manager.update(DeadLetterRow, { replayMessageId: messageId }, { replayMessageId: next.messageId });
          count += 1;
        }
      }
      return count;
    });
  }

  private async existing(photoIds: readonly PhotoId[]): Promise<Set<PhotoId>> {
    const query = this.collection.source.createQueryBuilder().from('Fotos', 'f').select('"f"."id"', 'id').where('"f"."id" IN (:...photoIds)', { photoIds });
    const rows = await translateDatabaseErrors(() => query.getRawMany<{ id: PhotoId }>());
    return new Set(rows.map(({ id }) => id));
  }

  private async deadLetters(messageIds: readonly string[]): Promise<Set<string | null>> {
    const letters = this.collection.source.getRepository(DeadLetterRow);
    const rows = await translateDatabaseErrors(() => letters.find({ select: { messageId: true }, where: { messageId: In([...messageIds]) } }));
    return new Set(rows.map(({ messageId }) => messageId));
  }

  private async workOn(photoIds: readonly PhotoId[]): Promise<Map<PhotoId, Work>> {
    const rows = await translateDatabaseErrors(
      () =>
        this.learning.source.query(
          `SELECT asked.id AS "photoId",
                  EXISTS (SELECT 1 FROM removed_photos r WHERE r.photo_id = asked.id) AS "isMarkedRemoved",
                  CASE
                    WHEN j.photo_id IS NULL THEN 'none'
                    WHEN j.status = 'processing' AND j.lease_until > now() THEN 'running'
                    WHEN j.status = 'success' THEN 'success'
                    ELSE 'stopped'
                  END AS job
           FROM unnest($1::uuid[]) AS asked(id)
           LEFT JOIN augmentation_jobs j ON j.photo_id = asked.id`,
          [photoIds],
        ) as Promise<{ photoId: PhotoId; isMarkedRemoved: boolean; job: JobState }[]>,
    );
    return new Map(rows.map(({ photoId, ...work }) => [photoId, work]));
  }
}
