import { newId, type UserId } from '@repo/kernel';
import { checkPassword, generatePassword, hashPassword, verifyPassword } from './password.js';
import { normaliseEmail } from './user.js';
import type { UserRepository } from './user.repository.js';

/** Of an administrator whom nobody named. */
export const DEFAULT_ADMINISTRATOR_EMAIL = 'admin@ocolecionador.local';

export interface AdministratorWish {
  readonly email?: string | undefined;
  readonly password?: string | undefined;
  /** Gives the administrator a new password, also when there is one. */
  readonly reset?: boolean | undefined;
}

export interface LocalAdministrator {
  readonly email: string;
  /** Only when it was made up just now: it is kept hashed alone and can't be shown again. */
  readonly password?: string;
}

/**
 * Sees to it that somebody can sign in as an administrator. With a password, that is what holds from
 * now on. Without one, an account that is there stays as it is, and a new one gets a random password.
 * Throws InvalidInputError for a bad address or password.
 */
export async function ensureLocalAdministrator(users: UserRepository, { email, password, reset = false }: AdministratorWish): Promise<LocalAdministrator> {
  const present = await findAdministrator(users, email);
  const address = normaliseEmail(email ?? present?.email ?? DEFAULT_ADMINISTRATOR_EMAIL);
  const given = password && !reset ? password : undefined;
  if (given !== undefined) {
    checkPassword(given);
  }
  const keeps = present?.role === 'admin' && (given === undefined ? !reset : await verifyPassword(given, present.passwordHash));
  if (keeps) {
    return { email: address };
  }
  const made = given ?? generatePassword();
  await users.save({
    id: present?.id ?? newId<UserId>(),
    provider: 'local',
    externalId: address,
    email: address,
    name: present?.name ?? 'Administrator',
    role: 'admin',
    passwordHash: await hashPassword(made),
  });
  return given === undefined ? { email: address, password: made } : { email: address };
}

async function findAdministrator(users: UserRepository, email: string | undefined) {
  if (email !== undefined) {
    return users.findByExternalId('local', normaliseEmail(email));
  }
  const [first] = await users.findByRole('local', 'admin');
  return first;
}
