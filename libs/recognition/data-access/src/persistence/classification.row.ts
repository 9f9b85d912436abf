import { PortableColumn } from '@repo/database';
import type { UserId } from '@repo/kernel';
import { Entity, Index } from 'typeorm';

@Entity('Classifications')
@Index('IX_Classifications_userId_timestamp', ['userId', 'timestamp'])
export class ClassificationRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('uuid')
  userId!: UserId;

  @PortableColumn('text', { length: 200 })
  imagePath!: string;

  @PortableColumn('text', { length: 200 })
  classe!: string;

  /** 0 to 1. */
  @PortableColumn('float')
  confianca!: number;

  @PortableColumn('boolean')
  conhecido!: boolean;

  @PortableColumn('text', { length: 40, nullable: true })
  modelVersion!: string | null;

  @PortableColumn('datetime')
  timestamp!: Date;
}
