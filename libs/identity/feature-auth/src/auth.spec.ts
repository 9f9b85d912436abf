import { MemoryCache } from '@repo/cache/memory';
import { RateLimit } from '@repo/http';
import { hashPassword, UserRepository, type NewUser, type Provider, type User } from '@repo/identity-domain';
import { newId, SystemClock, type UserId } from '@repo/kernel';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccessTokens } from './access-tokens.js';
import { AccountTokenVerifier } from './account-token-verifier.js';
import { AuthSettings } from './auth-settings.js';
import { SignInService } from './sign-in.service.js';

class People extends UserRepository {
  readonly rows = new Map<UserId, User>();

  async find(id: UserId) {
    return this.rows.get(id);
  }

  async findByExternalId(provider: Provider, externalId: string) {
    return [...this.rows.values()].find((user) => user.provider === provider && user.externalId === externalId);
  }

  async findByRole() {
    return [...this.rows.values()];
  }

  async save(user: NewUser): Promise<User> {
    const stored = { ...user, createdAt: new Date() };
    this.rows.set(user.id, stored);
    return stored;
  }
}

const people = new People();
const clock = new SystemClock();
const tokens = new AccessTokens(new AuthSettings('a-secret-of-more-than-32-characters-for-tests', 15), clock);
let signIns: SignInService;
let ana: User;

beforeAll(async () => {
  const passwordHash = await hashPassword('a good password');
  ana = await people.save({ id: newId(), provider: 'local', externalId: 'ana@example.org', email: 'ana@example.org', name: 'Ana', role: 'admin', passwordHash });
  await people.save({ id: newId(), provider: 'google', externalId: 'bia@example.org', email: 'bia@example.org', name: 'Bia', role: 'user', passwordHash: undefined });
});
beforeEach(() => {
  signIns = new SignInService(people, tokens, new RateLimit(new MemoryCache(), clock));
});

describe('sign-in', () => {
  it('gives a token of the account, however the address is written', async () => {
    const { token, user } = await signIns.signIn(' ANA@example.org', 'a good password', '127.0.0.1');
    expect(user.id).toBe(ana.id);
    expect(tokens.read(token)).toBe(ana.id);
  });

  it.each([
    ['a wrong password', 'ana@example.org', 'a bad password'],
    ['an empty password', 'ana@example.org', ''],
    ['an unknown address', 'nobody@example.org', 'a good password'],
    ['an account of a provider, which has no password', 'bia@example.org', ''],
  ])('refuses %s in the same words and time', async (_, email, password) => {
    const start = performance.now();
    await expect(signIns.signIn(email, password, '127.0.0.1')).rejects.toThrow('E-mail address or password is wrong');
    expect(performance.now() - start).toBeGreaterThan(30); // the hash was computed: without it, under a millisecond
  });

  it('stops guessing at one account, and lets its owner in from elsewhere', async () => {
    const rates = new RateLimit(new MemoryCache(), clock);
    for (let guessed = 0; guessed < 9; guessed += 1) {
      await rates.take('sign-in:10.0.0.9:ana@example.org', 10);
    }
    const limited = new SignInService(people, tokens, rates);
    const guess = (address: string, password: string) => limited.signIn('ana@example.org', password, address).catch((error: { code: string }) => error.code);
    const answers = await Promise.all([guess('10.0.0.9', 'x'), guess('10.0.0.9', 'x'), guess('10.0.0.9', 'a good password')]);
    expect(answers).toEqual(['WRONG_CREDENTIALS', 'TOO_MANY_REQUESTS', 'TOO_MANY_REQUESTS']);
    expect(await guess('10.0.0.1', 'a good password')).toMatchObject({ user: { id: ana.id } });
  });

  it('stops one address that tries many accounts', async () => {
    const rates = new RateLimit(new MemoryCache(), clock);
    for (let sent = 0; sent < 60; sent += 1) {
      await rates.take('sign-in:10.0.0.8', 60);
    }
    const limited = new SignInService(people, tokens, rates);
    await expect(limited.signIn('another@example.org', '', '10.0.0.8')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
  });
});

/** What it keeps ends when the test says so. */
class TimedCache extends MemoryCache {
  private readonly ends = new Map<string, number>();
  private nowMs = 0;

  override async set(key: string, value: unknown, ttlMs: number): Promise<void> {
    this.ends.set(key, this.nowMs + ttlMs);
    await super.set(key, value, ttlMs);
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    const ended = [...this.ends].filter(([, end]) => end <= this.nowMs);
    await Promise.all(ended.map(([key]) => this.remove(key)));
  }
}

describe('a token', () => {
  it.each<[what: string, change: () => unknown, outcome: unknown]>([
    ['a removed account', () => people.rows.delete(ana.id), 'UNAUTHENTICATED'],
    ['a demoted account', () => people.rows.set(ana.id, { ...ana, role: 'user' }), 'user'],
  ])('of %s loses its power within a minute', async (_, change, outcome) => {
    people.rows.set(ana.id, ana);
    const cache = new TimedCache();
    const verifier = new AccountTokenVerifier(tokens, people, cache);
    const token = tokens.issue(ana);
    expect(await verifier.verify(token)).toMatchObject({ id: ana.id, role: 'admin' });
    change();
    await cache.pass(60_000);
    expect(await verifier.verify(token).then(({ role }) => role, (error: { code: string }) => error.code)).toBe(outcome);
  });

  it('is looked up in the database once for many requests', async () => {
    people.rows.set(ana.id, ana);
    const find = vi.spyOn(people, 'find').mockClear();
    const verifier = new AccountTokenVerifier(tokens, people, new MemoryCache());
    for (let request = 0; request < 20; request += 1) {
      await verifier.verify(tokens.issue(ana));
    }
    expect(find).toHaveBeenCalledTimes(1);
  });

  it('shows nothing of the password', async () => {
    people.rows.set(ana.id, ana);
    const user = await new AccountTokenVerifier(tokens, people, new MemoryCache()).verify(tokens.issue(ana));
    expect(JSON.stringify(user)).not.toContain('scrypt');
  });
});
