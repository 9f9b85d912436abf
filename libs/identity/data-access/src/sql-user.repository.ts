import { CollectionDatabase, inTransaction, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import { UserRepository, type NewUser, type Provider, type Role, type User } from '@repo/identity-domain';
import { SystemClock, type Clock, type UserId } from '@repo/kernel';
import { UserRow } from './user.row.js';

export class SqlUserRepository extends UserRepository {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  find(id: UserId): Promise<User | undefined> {
    return this.findOne({ id });
  }

  findByExternalId(provider: Provider, externalId: string): Promise<User | undefined> {
    return this.findOne({ provider, externalId });
  }

  findByRole(provider: Provider, role: Role): Promise<User[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.rows.find({ where: { provider, role }, order: { createdAt: 'ASC', id: 'ASC' } });
      return rows.map(toUser);
    });
  }

  save({ id, provider, externalId, email, name, role, passwordHash }: NewUser): Promise<User> {
    const facts = { email, name: name.slice(0, 200), role, passwordHash: passwordHash ?? null };
    return inTransaction(
      this.database.source,
      async (manager) => {
        const present = await manager.findOneBy(UserRow, { provider, externalId });
        const row = { id, provider, externalId, createdAt: this.clock.now(), ...present, ...facts };
        await (present ? manager.update(UserRow, { id: present.id }, facts) : manager.insert(UserRow, row));
        return toUser(row);
      },
      // Two first sign-ins of one person at once: the second attempt finds the first one's row.
      { retry: isUniqueViolation },
    );
  }

  private findOne(where: Partial<Pick<UserRow, 'id' | 'provider' | 'externalId'>>): Promise<User | undefined> {
    return translateDatabaseErrors(async () => {
      const row = await this.rows.findOneBy(where);
      return row ? toUser(row) : undefined;
    });
  }

  private get rows() {
    return this.database.source.getRepository(UserRow);
  }
}

function toUser({ id, externalId, email, name, provider, role, passwordHash, createdAt }: UserRow): User {
  return { id, externalId, email, name, provider, role, passwordHash: passwordHash ?? undefined, createdAt };
}
