import { Injectable } from '@nestjs/common';
import { MemoryCache } from '@repo/cache/memory';
import { TokenVerifier, UnauthenticatedError, type SignedInUser } from '@repo/http';
import { UserRepository } from '@repo/identity-domain';
import type { UserId } from '@repo/kernel';
import { z } from 'zod';
import { AccessTokens } from './access-tokens.js';

/** A demoted or removed user is refused after this long at the latest. */
const ACCOUNT_CACHE_MS = 15_000;

const keptAccount = z.custom<SignedInUser>(); // nobody but this class writes there

/** A token opens the door only for an account that is there, with the role it has now. */
@Injectable()
export class AccountTokenVerifier extends TokenVerifier {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly users: UserRepository,
    /** This process's own, never a shared one: who can write there could make anybody an administrator. */
    private readonly cache: MemoryCache,
  ) {
    super();
  }

  override async verify(token: string): Promise<SignedInUser> {
    const id = this.tokens.read(token);
    const key = `account:${id}`;
    const cached = await this.cache.get(key, keptAccount);
    if (cached) {
      return cached;
    }
    const account = await this.readAccount(id);
    await this.cache.set(key, account, ACCOUNT_CACHE_MS);
    return account;
  }

  private async readAccount(id: UserId): Promise<SignedInUser> {
    const user = await this.users.find(id);
    if (!user) {
      throw new UnauthenticatedError();
    }
    const { email, name, role, provider } = user;
    return { id, email, name, role, provider };
  }
}
