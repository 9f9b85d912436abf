import { PortableColumn } from '@repo/database';
import { Entity, Index } from 'typeorm';

/** A message that waits for the broker, or was sent within the last days. */
@Entity('Outbox')
@Index('IX_Outbox_waiting', ['attempts', 'createdAt', 'id'], { where: '"sentAt" IS NULL' })
@Index('IX_Outbox_sentAt', ['sentAt'])
export class OutboxRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('text', { length: 100 })
  queue!: string;

  @PortableColumn('text', { length: 100 })
  messageName!: string;

  @PortableColumn('uuid')
  messageId!: string;

  /** JSON, published as it is. */
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

  /** Until then a relay publishes it; by the server's clock. */
  @PortableColumn('datetime', { nullable: true })
  claimedUntil!: Date | null;
}
