import { PortableColumn } from '@repo/database';
import type { ItemId, PhotoId } from '@repo/kernel';
import { Entity, Index } from 'typeorm';

/** A tombstone: tells readers who keep something about photos that this one is gone. */
@Entity('RemovedPhotos')
@Index('IX_RemovedPhotos_removedAt', ['removedAt'])
export class RemovedPhotoRow {
  @PortableColumn('uuid', { primary: true })
  photoId!: PhotoId;

  @PortableColumn('uuid')
  itemId!: ItemId;

  @PortableColumn('datetime')
  removedAt!: Date;
}
