import { PortableColumn } from '@repo/database';
import type { ItemId, PhotoId, UserId } from '@repo/kernel';
import { Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { ItemRow } from './item.row.js';

@Entity('Fotos')
@Index('IX_Fotos_itemId_posicao', ['itemId', 'position'])
// The classifier asks for what is new.
@Index('IX_Fotos_createdAt', ['createdAt'])
export class PhotoRow {
  @PortableColumn('uuid', { primary: true })
  id!: PhotoId;

  @PortableColumn('uuid')
  itemId!: ItemId;

  @PortableColumn('uuid')
  ownerId!: UserId;

  @PortableColumn('text', { name: 'caminho', length: 400 })
  objectKey!: string;

  @PortableColumn('text', { length: 64 })
  sha256!: string;

  @PortableColumn('integer')
  bytes!: number;

  @PortableColumn('integer', { name: 'largura' })
  width!: number;

  @PortableColumn('integer', { name: 'altura' })
  height!: number;

  @PortableColumn('integer', { name: 'posicao' })
  position!: number;

  @PortableColumn('datetime')
  createdAt!: Date;

  @ManyToOne(() => ItemRow)
  @JoinColumn({ name: 'itemId', foreignKeyConstraintName: 'FK_Fotos_Items' })
  item?: ItemRow;
}
