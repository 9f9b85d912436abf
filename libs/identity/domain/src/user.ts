import { InvalidInputError, type UserId } from '@repo/kernel';

export type Role = 'user' | 'admin';
/** Who vouches for the person: ourselves, by a password, or an OAuth provider. */
export type Provider = 'local' | 'google' | 'github';

export interface User {
  readonly id: UserId;
  /** The person's id at the provider; the e-mail address for local accounts. Unique within the provider, never across. */
  readonly externalId: string;
  readonly email: string;
  readonly name: string;
  readonly provider: Provider;
  readonly role: Role;
  /** Only local accounts have one; see `hashPassword`. */
  readonly passwordHash: string | undefined;
  readonly createdAt: Date;
}

const MAX_EMAIL = 320;

/** The address as it is kept and compared: trimmed, lower case. Throws InvalidInputError when it is none. */
export function normaliseEmail(email: string): string {
  const normalised = email.normalize('NFC').trim().toLowerCase();
  if (normalised.length > MAX_EMAIL || !/^[^\s@\p{Cc}\p{Cs}]+@[^\s@\p{Cc}\p{Cs}]+$/u.test(normalised)) {
    throw new InvalidInputError('email must be an e-mail address');
  }
  return normalised;
}
