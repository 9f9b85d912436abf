import type { CategorySettings } from '@repo/collection-domain';
import { PortableColumn } from '@repo/database';
import type { CategoryId, UserId } from '@repo/kernel';
import { Entity, Index } from 'typeorm';

@Entity('Categoria')
@Index('IX_Categoria_ownerId_nomeNormalizado', ['ownerId', 'normalisedName'], { unique: true })
export class CategoryRow {
  @PortableColumn('uuid', { primary: true })
  id!: CategoryId;

  @PortableColumn('uuid')
  ownerId!: UserId;

  @PortableColumn('text', { name: 'nome', length: 200 })
  name!: string;

  @PortableColumn('exacttext', { name: 'nomeNormalizado', length: 400 })
  normalisedName!: string;

  @PortableColumn('json')
  settings!: CategorySettings;

  @PortableColumn('datetime')
  createdAt!: Date;
}
