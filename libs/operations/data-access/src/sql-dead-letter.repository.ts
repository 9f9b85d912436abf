import { CollectionDatabase, inTransaction, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import { newId } from '@repo/kernel';
import { DeadLetterRepository, groupKeyOf, isCopy, patternOf, type AuditEntry, type DeadMessage, type Letter, type LetterGroup, type LetterId, type OpenLetters, type Replay } from '@repo/operations-domain';
import { In, IsNull, type EntityManager } from 'typeorm';
import { DeadLetterRow } from './dead-letter.row.js';
import { ErrorLogRow } from './error-log.row.js';
import { OutboxEntryRow } from './outbox-entry.row.js';
import { QueueAuditRow } from './queue-audit.row.js';
import { fit, storable } from './storable-text.js';

const MAX_GROUPS = 100;
const SAMPLES = 3;
const MAX_REPLAYED = 10_000;

export class SqlDeadLetterRepository extends DeadLetterRepository {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  async keep(letter: DeadMessage, errorMessage: string): Promise<void> {
    const work = async (manager: EntityManager): Promise<void> => {
      if (await isCopyOfOne(manager, letter)) {
        return;
      }
      await manager.insert(DeadLetterRow, { ...newRow(letter), replayOf: await replayedAs(manager, letter.messageId) });
      await manager.insert(ErrorLogRow, newError(letter, errorMessage));
    };
    try {
      await inTransaction(this.database.source, work, { repeatable: true });
    } catch (error) {
      if (!isUniqueViolation(error)) {
        throw error;
      }
    }
  }

  claimAlarm(letterId: LetterId, at: Date): Promise<boolean> {
    return translateDatabaseErrors(async () => {
      const { affected } = await this.letters.update({ letterId, alarmedAt: IsNull() }, { alarmedAt: at });
      return affected === 1;
    });
  }

  openLetters(): Promise<OpenLetters[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.letters
        .createQueryBuilder('letter')
        .select('letter.queue', 'queue')
        .addSelect('COUNT(*)', 'count')
        .addSelect('MIN(letter.deadAt)', 'oldest')
        .where({ state: 'open' })
        .groupBy('letter.queue')
        .getRawMany<{ queue: string; count: string | number; oldest: Date }>();
      return rows.map((row) => ({ ...row, count: Number(row.count) }));
    });
  }

  groups(queue: string): Promise<LetterGroup[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.letters
        .createQueryBuilder('letter')
        .select('letter.groupKey', 'groupKey')
        .addSelect('letter.cause', 'cause')
        .addSelect('COUNT(*)', 'count')
        .addSelect('MIN(letter.deadAt)', 'first')
        .addSelect('MAX(letter.deadAt)', 'last')
        .where({ queue, state: 'open' })
        .groupBy('letter.groupKey')
        .addGroupBy('letter.cause')
        .orderBy('MAX(letter.deadAt)', 'DESC')
        .limit(MAX_GROUPS)
        .getRawMany<Omit<LetterGroup, 'count' | 'pattern' | 'samples'> & { count: string | number }>();
      const groups: LetterGroup[] = [];
      for (const row of rows) {
        const samples = await this.newest(queue, row.groupKey);
        groups.push({ ...row, count: Number(row.count), pattern: patternOf(samples[0]?.reason ?? ''), samples });
      }
      return groups;
    });
  }

  rounds(queue: string, letterId: LetterId): Promise<Letter[]> {
    return translateDatabaseErrors(async () => {
      const asked = await this.letters.findOneBy({ queue, letterId });
      if (!asked) {
        return [];
      }
      const rounds = [...(await this.roundsBefore(asked)), asked, ...(await this.roundsAfter(asked))];
      return withAudit(this.database.source.manager, rounds);
    });
  }

  openInGroup(queue: string, groupKey: string): Promise<LetterId[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.letters.find({
        select: { letterId: true, messageId: true },
        where: { queue, state: 'open', groupKey },
        order: { deadAt: 'ASC' },
        take: MAX_REPLAYED,
      });
      // Here and not in SQL: SQL Server sorts UUIDs by their last bytes first, ours tell the time by the first.
      const order = ({ messageId, letterId }: DeadLetterRow) => messageId ?? letterId;
      return rows.sort((a, b) => (order(a) < order(b) ? -1 : 1)).map(({ letterId }) => letterId);
    });
  }

  getMany(letterIds: readonly LetterId[]): Promise<Letter[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.letters.findBy({ letterId: In([...letterIds]) });
      const letters = new Map(rows.map((row) => [row.letterId, toLetter(row)]));
      return letterIds.flatMap((letterId) => letters.get(letterId) ?? []);
    });
  }

  replay(replays: readonly Replay[], audit: AuditEntry): Promise<number> {
    return inTransaction(this.database.source, async (manager) => {
      const marked: Replay[] = [];
      for (const replay of replays) {
        const { letterId, messageId, edited, body } = replay;
        const change = { replayedAt: audit.at, replayMessageId: messageId, editedBody: edited ? body : null };
        if (await settle(manager, letterId, 'replayed', audit, change)) {
          marked.push(replay);
        }
      }
      if (marked.length > 0) {
        await manager.insert(OutboxEntryRow, marked.map(newEntry));
        await note(manager, audit, marked.length);
      }
      return marked.length;
    });
  }

  discard(letterId: LetterId, audit: AuditEntry): Promise<boolean> {
    return inTransaction(this.database.source, async (manager) => {
      const isOpen = await settle(manager, letterId, 'discarded', audit, {});
      if (isOpen) {
        await note(manager, audit, 1);
      }
      return isOpen;
    });
  }

  private async roundsBefore({ replayOf }: DeadLetterRow): Promise<DeadLetterRow[]> {
    const earlier = replayOf === null ? null : await this.letters.findOneBy({ letterId: replayOf });
    return earlier ? [...(await this.roundsBefore(earlier)), earlier] : [];
  }

  private async roundsAfter({ letterId }: DeadLetterRow): Promise<DeadLetterRow[]> {
    const next = await this.letters.findOne({ where: { replayOf: letterId }, order: { deadAt: 'ASC', letterId: 'ASC' } });
    return next ? [next, ...(await this.roundsAfter(next))] : [];
  }

  private async newest(queue: string, groupKey: string): Promise<Letter[]> {
    const rows = await this.letters.find({ where: { queue, state: 'open', groupKey }, order: { deadAt: 'DESC', letterId: 'DESC' }, take: SAMPLES });
    return rows.map((row) => toLetter(row));
  }

  private get letters() {
    return this.database.source.getRepository(DeadLetterRow);
  }
}

function newRow({ letterId, queue, messageId, messageName, cause, reason, attempt, history, text, deadAt, itemId, photoId }: DeadMessage): DeadLetterRow {
  return {
    ...{ letterId, queue, cause, attempt, history, deadAt },
    messageId: messageId ?? null,
    messageName: messageName === undefined ? null : fit(messageName, 100),
    reason: fit(reason, 2_000),
    groupKey: groupKeyOf({ cause, reason }),
    text: storable(text),
    state: 'open',
    alarmedAt: null,
    replayedAt: null,
    replayMessageId: null,
    editedBody: null,
    replayOf: null,
    auditId: null,
    itemId: itemId ?? null,
    photoId: photoId ?? null,
  };
}

function newError({ letterId, queue, messageId, messageName, cause, reason, attempt, deadAt, itemId, photoId }: DeadMessage, message: string): ErrorLogRow {
  return {
    id: newId(),
    message: fit(message, 2_000),
    reason: fit(reason, 400),
    context: { itemId, fotoId: photoId, attempt, queue, cause, messageName, messageId, letterId },
    timestamp: deadAt,
  };
}

function newEntry({ queue, messageName, messageId, body, traceparent, at }: Replay): OutboxEntryRow {
  return { id: newId(), queue, messageName, messageId, body, traceparent: traceparent ?? null, createdAt: at, sentAt: null, attempts: 0, claimedUntil: null };
}

async function isCopyOfOne(manager: EntityManager, letter: DeadMessage): Promise<boolean> {
  const { queue, messageId } = letter;
  const others = messageId === undefined ? [] : await manager.findBy(DeadLetterRow, { queue, messageId });
  return others.some((other) => isCopy(letter, toLetter(other)));
}

/** The letter whose message was sent again as this one. */
async function replayedAs(manager: EntityManager, messageId: string | undefined): Promise<LetterId | null> {
  const earlier = messageId === undefined ? null : await manager.findOneBy(DeadLetterRow, { replayMessageId: messageId });
  return earlier?.letterId ?? null;
}

/** Answers false when the letter is not open: of two who settle it at once, one finds it open. */
async function settle(manager: EntityManager, letterId: LetterId, state: 'replayed' | 'discarded', audit: AuditEntry, change: Partial<DeadLetterRow>): Promise<boolean> {
  const { affected } = await manager.update(DeadLetterRow, { letterId, state: 'open' }, { ...change, state, auditId: audit.id });
  return affected === 1;
}

async function note(manager: EntityManager, { id, who, at, what, queue, why, letterId, groupKey }: AuditEntry, letters: number): Promise<void> {
  const { affected } = await manager.increment(QueueAuditRow, { id }, 'letters', letters);
  if (affected !== 1) {
    const about = { letterId: letterId ?? null, groupKey: groupKey ?? null };
    await manager.insert(QueueAuditRow, { id, who, at, what, queue, letters, why: why === undefined ? null : fit(why, 400), ...about });
  }
}

async function withAudit(manager: EntityManager, rows: readonly DeadLetterRow[]): Promise<Letter[]> {
  const ids = rows.flatMap(({ auditId }) => auditId ?? []);
  const entries = ids.length === 0 ? [] : await manager.findBy(QueueAuditRow, { id: In(ids) });
  return rows.map((row) => toLetter(row, entries.find(({ id }) => id === row.auditId)));
}

function toLetter(row: DeadLetterRow, audit?: QueueAuditRow): Letter {
  const { letterId, queue, cause, reason, attempt, history, text, state, deadAt } = row;
  return {
    ...{ letterId, queue, cause, reason, attempt, history, text, state, deadAt },
    messageId: row.messageId ?? undefined,
    messageName: row.messageName ?? undefined,
    itemId: row.itemId ?? undefined,
    photoId: row.photoId ?? undefined,
    replayedAt: row.replayedAt ?? undefined,
    replayMessageId: row.replayMessageId ?? undefined,
    editedBody: row.editedBody ?? undefined,
    replayOf: row.replayOf ?? undefined,
    settledBy: audit && toEntry(audit),
  };
}

function toEntry({ id, who, at, what, queue, why, letterId, groupKey }: QueueAuditRow): AuditEntry {
  return { id, who, at, what, queue, why: why ?? undefined, letterId: letterId ?? undefined, groupKey: groupKey ?? undefined };
}
