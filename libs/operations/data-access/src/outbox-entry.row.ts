import { PortableColumn } from '@repo/database';
import { Entity } from 'typeorm';

/** The collection's outbox, by the columns that its migration makes: what lies there unsent is published soon. */
@Entity('Outbox', { synchronize: false })
export class OutboxEntryRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('text', { length: 100 })
  queue!: string;

  @PortableColumn('text', { length: 100 })
  messageName!: string;

  @PortableColumn('uuid')
  messageId!: string;

  /** JSON. */
  @PortableColumn('longtext')
  body!: string;

  @PortableColumn('text', { length: 100, nullable: true })
  traceparent!: string | null;

  @PortableColumn('datetime')
  createdAt!: Date;

  @PortableColumn('datetime', { nullable: true })
  sentAt!: Date | null;

  @PortableColumn('integer')
  attempts!: number;

  /** Until then the relay that took it publishes it. */
  @PortableColumn('datetime', { nullable: true })
  claimedUntil!: Date | null;
}
