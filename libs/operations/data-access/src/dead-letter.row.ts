import { PortableColumn } from '@repo/database';
import type { ItemId, PhotoId } from '@repo/kernel';
import type { FailedAttempt, LetterId, LetterState } from '@repo/operations-domain';
import { Entity, Index } from 'typeorm';

@Entity('DeadLetters')
@Index('IX_DeadLetters_queue_state_groupKey_deadAt', ['queue', 'state', 'groupKey', 'deadAt'])
@Index('IX_DeadLetters_messageId', ['messageId'])
@Index('IX_DeadLetters_replayMessageId', ['replayMessageId'])
@Index('IX_DeadLetters_replayOf', ['replayOf'])
export class DeadLetterRow {
  @PortableColumn('uuid', { primary: true })
  letterId!: LetterId;

  @PortableColumn('text', { length: 100 })
  queue!: string;

  @PortableColumn('uuid', { nullable: true })
  messageId!: string | null;

  @PortableColumn('text', { length: 100, nullable: true })
  messageName!: string | null;

  @PortableColumn('text', { length: 40 })
  cause!: string;

  @PortableColumn('text', { length: 2_000 })
  reason!: string;

  @PortableColumn('exacttext', { length: 32 })
  groupKey!: string;

  @PortableColumn('integer')
  attempt!: number;

  @PortableColumn('json')
  history!: readonly FailedAttempt[];

  /** The message as it came. */
  @PortableColumn('longtext')
  text!: string;

  @PortableColumn('text', { length: 12 })
  state!: LetterState;

  @PortableColumn('datetime')
  deadAt!: Date;

  /** When people were told, once. */
  @PortableColumn('datetime', { nullable: true })
  alarmedAt!: Date | null;

  @PortableColumn('datetime', { nullable: true })
  replayedAt!: Date | null;

  /** The message that was sent instead. */
  @PortableColumn('uuid', { nullable: true })
  replayMessageId!: string | null;

  /** JSON. */
  @PortableColumn('longtext', { nullable: true })
  editedBody!: string | null;

  /** The letter whose replay this message was. */
  @PortableColumn('uuid', { nullable: true })
  replayOf!: LetterId | null;

  /** The row of QueueAudit that says who replayed or discarded it. */
  @PortableColumn('uuid', { nullable: true })
  auditId!: string | null;

  @PortableColumn('uuid', { nullable: true })
  itemId!: ItemId | null;

  @PortableColumn('uuid', { name: 'fotoId', nullable: true })
  photoId!: PhotoId | null;
}
