import { PortableColumn } from '@repo/database';
import type { CategoryId, ItemId, UserId } from '@repo/kernel';
import { Entity, Index, JoinColumn, ManyToOne } from 'typeorm';
import { CategoryRow } from './category.row.js';

@Entity('Items')
@Index('IX_Items_ownerId_createdAt_id', ['ownerId', 'createdAt', 'id'])
@Index('IX_Items_categoriaId_createdAt_id', ['categoryId', 'createdAt', 'id'])
export class ItemRow {
  @PortableColumn('uuid', { primary: true })
  id!: ItemId;

  @PortableColumn('uuid')
  ownerId!: UserId;

  @PortableColumn('text', { name: 'nome', length: 200 })
  name!: string;

  @PortableColumn('longtext', { name: 'descricao', nullable: true })
  description!: string | null;

  /** Name and description as searches compare them, see `searchText`; absent in rows that were not written here. */
  @PortableColumn('longtext', { name: 'busca', nullable: true, select: false })
  searchText!: string | null;

  @PortableColumn('uuid', { name: 'categoriaId' })
  categoryId!: CategoryId;

  @PortableColumn('datetime')
  createdAt!: Date;

  @ManyToOne(() => CategoryRow)
  @JoinColumn({ name: 'categoriaId', foreignKeyConstraintName: 'FK_Items_Categoria' })
  category?: CategoryRow;
}
