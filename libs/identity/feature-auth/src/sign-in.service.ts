import { Injectable } from '@nestjs/common';
import { RateLimit } from '@repo/http';
import { normaliseEmail, UserRepository, verifyPassword, type User } from '@repo/identity-domain';
import { DomainError } from '@repo/kernel';
import { AccessTokens } from './access-tokens.js';

/** Tries a minute for one account from one address: a stranger can't lock its owner out from elsewhere. */
const TRIES_PER_ACCOUNT = 10;
/** Tries a minute from one address, for all accounts together: each costs the machine a fifth of a second. */
const TRIES_PER_ADDRESS = 60;

/** The same for an unknown address and a wrong password. */
export class WrongCredentialsError extends DomainError {
  readonly code = 'WRONG_CREDENTIALS';
  constructor() {
    super('E-mail address or password is wrong');
  }
}

export interface SignIn {
  token: string;
  user: User;
}

@Injectable()
export class SignInService {
  constructor(
    private readonly users: UserRepository,
    private readonly tokens: AccessTokens,
    private readonly rates: RateLimit,
  ) {}

  /**
   * @param address where the caller comes from, e.g. `127.0.0.1`
   * Throws WrongCredentialsError, TooManyRequestsError, and InvalidInputError for what is no e-mail address.
   */
  async signIn(email: string, password: string, address: string): Promise<SignIn> {
    const account = normaliseEmail(email);
    await this.rates.take(`sign-in:${address}`, TRIES_PER_ADDRESS);
    await this.rates.take(`sign-in:${address}:${account}`, TRIES_PER_ACCOUNT);
    const user = await this.users.findByExternalId('local', account);
    // Hashes also when there is no such account, so that the time tells nothing.
    if (!(await verifyPassword(password, user?.passwordHash)) || !user) {
      throw new WrongCredentialsError();
    }
    return { token: this.tokens.issue(user), user };
  }
}
