import { PortableColumn } from '@repo/database';
import { Entity, Index } from 'typeorm';

@Entity('TemporaryUpload')
@Index('IX_TemporaryUpload_path', ['path'], { unique: true })
@Index('IX_TemporaryUpload_timestamp', ['timestamp'])
export class TemporaryUploadRow {
  @PortableColumn('uuid', { primary: true })
  id!: string;

  @PortableColumn('text', { length: 200 })
  path!: string;

  @PortableColumn('datetime')
  timestamp!: Date;

  @PortableColumn('boolean')
  classified!: boolean;
}
