import { PortableColumn } from '@repo/database';
import type { Provider, Role } from '@repo/identity-domain';
import type { UserId } from '@repo/kernel';
import { Entity, Index } from 'typeorm';

@Entity('Users')
// Both: the same number at two providers is two people.
@Index('IX_Users_provider_externalId', ['provider', 'externalId'], { unique: true })
export class UserRow {
  @PortableColumn('uuid', { primary: true })
  id!: UserId;

  @PortableColumn('exacttext', { length: 320 })
  externalId!: string;

  @PortableColumn('text', { length: 320 })
  email!: string;

  @PortableColumn('text', { length: 200 })
  name!: string;

  @PortableColumn('text', { length: 20 })
  provider!: Provider;

  @PortableColumn('text', { length: 20 })
  role!: Role;

  @PortableColumn('text', { length: 400, nullable: true })
  passwordHash!: string | null;

  @PortableColumn('datetime')
  createdAt!: Date;
}
