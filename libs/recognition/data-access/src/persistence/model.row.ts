import { PortableColumn } from '@repo/database';
import type { ModelState, ModelVersion } from '@repo/recognition-domain';
import { Entity, Index } from 'typeorm';

@Entity('Models')
// At most one version serves, whatever happens at once.
@Index('IX_Models_one_active', ['state'], { unique: true, where: `"state" = 'active'` })
export class ModelRow {
  @PortableColumn('text', { primary: true, length: 40 })
  version!: ModelVersion;

  @PortableColumn('text', { length: 12 })
  state!: ModelState;

  @PortableColumn('datetime')
  createdAt!: Date;

  @PortableColumn('datetime', { nullable: true })
  activatedAt!: Date | null;

  @PortableColumn('text', { length: 200 })
  path!: string;

  @PortableColumn('text', { length: 200 })
  embeddings!: string;

  @PortableColumn('longtext', { nullable: true })
  reason!: string | null;
}
