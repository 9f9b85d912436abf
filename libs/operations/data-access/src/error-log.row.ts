import { PortableColumn } from '@repo/database';
import { Entity, Index } from 'typeorm';

@Entity('ErrorLog')
@Index('IX_ErrorLog_timestamp', ['timestamp'])
export class ErrorLogRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('text', { name: 'msg', length: 2_000 })
  message!: string;

  @PortableColumn('text', { length: 400 })
  reason!: string;

  @PortableColumn('json')
  context!: object;

  @PortableColumn('datetime')
  timestamp!: Date;
}
