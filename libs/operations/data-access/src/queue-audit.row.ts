import { PortableColumn } from '@repo/database';
import type { Id } from '@repo/kernel';
import type { AuditEntry, LetterId } from '@repo/operations-domain';
import { Entity, Index } from 'typeorm';

/** Who did what to dead letters. Nothing changes or removes a row but the action that it tells of. */
@Entity('QueueAudit')
@Index('IX_QueueAudit_at', ['at'])
export class QueueAuditRow {
  @PortableColumn('uuid', { primary: true })
  id!: Id<'audit'>;

  @PortableColumn('uuid')
  who!: string;

  @PortableColumn('datetime')
  at!: Date;

  @PortableColumn('text', { length: 20 })
  what!: AuditEntry['what'];

  @PortableColumn('text', { length: 100 })
  queue!: string;

  /** How many. */
  @PortableColumn('integer')
  letters!: number;

  @PortableColumn('text', { length: 400, nullable: true })
  why!: string | null;

  @PortableColumn('uuid', { nullable: true })
  letterId!: LetterId | null;

  @PortableColumn('exacttext', { length: 32, nullable: true })
  groupKey!: string | null;
}
