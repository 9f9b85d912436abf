import { PortableColumn } from '@repo/database';
import type { UserId } from '@repo/kernel';
import { Entity } from 'typeorm';

/**
 * Another value after each change of what an owner has, so that pages kept elsewhere are known to be old.
 * Never a value that was there before, also not after a backup was restored: hence no number.
 */
@Entity('CollectionVersions')
export class CollectionVersionRow {
  @PortableColumn('uuid', { primary: true })
  ownerId!: UserId;

  @PortableColumn('uuid')
  version!: string;
}
