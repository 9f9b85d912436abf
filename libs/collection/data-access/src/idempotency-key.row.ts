import { PortableColumn } from '@repo/database';
import type { UserId } from '@repo/kernel';
import { Entity, Index } from 'typeorm';

@Entity('IdempotencyKeys')
@Index('IX_IdempotencyKeys_ownerId_key', ['ownerId', 'key'], { unique: true })
@Index('IX_IdempotencyKeys_createdAt', ['createdAt'])
export class IdempotencyKeyRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('uuid')
  ownerId!: UserId;

  @PortableColumn('exacttext', { length: 200 })
  key!: string;

  @PortableColumn('exacttext', { length: 64 })
  fingerprint!: string;

  /** HTTP status; `null` while the request runs. */
  @PortableColumn('integer', { nullable: true })
  status!: number | null;

  @PortableColumn('json', { nullable: true })
  response!: object | string | number | boolean | null;

  /** When it was claimed, the last time. */
  @PortableColumn('datetime')
  createdAt!: Date;
}
