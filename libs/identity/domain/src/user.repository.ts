import type { UserId } from '@repo/kernel';
import type { Provider, Role, User } from './user.js';

export type NewUser = Omit<User, 'createdAt'>;

/** People who may sign in. Every method throws TemporaryError when the database can't answer now. */
export abstract class UserRepository {
  abstract find(id: UserId): Promise<User | undefined>;

  /** @param externalId compared exactly: ids of providers tell case apart */
  abstract findByExternalId(provider: Provider, externalId: string): Promise<User | undefined>;

  abstract findByRole(provider: Provider, role: Role): Promise<User[]>;

  /**
   * Adds the person, or brings name, e-mail address, role and password of the one with the same
   * provider and external id up to date; the id of that one stays. Answers what is stored.
   */
  abstract save(user: NewUser): Promise<User>;
}
