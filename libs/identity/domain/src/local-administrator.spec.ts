import { InvalidInputError, newId, type UserId } from '@repo/kernel';
import { beforeEach, expect, it, vi } from 'vitest';
import { DEFAULT_ADMINISTRATOR_EMAIL, ensureLocalAdministrator } from './local-administrator.js';
import { verifyPassword } from './password.js';
import type { Provider, Role, User } from './user.js';
import { UserRepository, type NewUser } from './user.repository.js';

vi.setConfig({ testTimeout: 60_000 }); // hashing is slow on purpose

class FakeUsers extends UserRepository {
  all: User[] = [];

  async find(id: UserId) {
    return this.all.find((user) => user.id === id);
  }
  async findByExternalId(provider: Provider, externalId: string) {
    return this.all.find((user) => user.provider === provider && user.externalId === externalId);
  }
  async findByRole(provider: Provider, role: Role) {
    return this.all.filter((user) => user.provider === provider && user.role === role);
  }
  async save(user: NewUser) {
    const saved = { ...user, createdAt: new Date() };
    this.all = [...this.all.filter(({ provider, externalId }) => provider !== user.provider || externalId !== user.externalId), saved];
    return saved;
  }
}

let users: FakeUsers;
beforeEach(() => {
  users = new FakeUsers();
});
const opens = async (password: string | undefined) => verifyPassword(password ?? '', users.all[0]?.passwordHash);

it('makes one with a random password at the first start, and shows it once', async () => {
  const first = await ensureLocalAdministrator(users, {});
  expect(first.email).toBe(DEFAULT_ADMINISTRATOR_EMAIL);
  expect(await opens(first.password)).toBe(true);
  expect(users.all).toMatchObject([{ role: 'admin', provider: 'local', externalId: DEFAULT_ADMINISTRATOR_EMAIL }]);
  const hash = users.all[0]!.passwordHash;
  expect(await ensureLocalAdministrator(users, {})).toEqual({ email: DEFAULT_ADMINISTRATOR_EMAIL });
  expect(users.all[0]!.passwordHash).toBe(hash);
});

it('takes the address and password that were configured, from now on', async () => {
  expect(await ensureLocalAdministrator(users, { email: 'Ana@Example.com', password: 'first password' })).toEqual({ email: 'ana@example.com' });
  expect(await opens('first password')).toBe(true);
  const { id, passwordHash } = users.all[0]!;
  await ensureLocalAdministrator(users, { email: 'ana@example.com', password: 'first password' });
  expect(users.all[0]).toMatchObject({ id, passwordHash });
  await ensureLocalAdministrator(users, { email: 'ana@example.com', password: 'second password' });
  expect(users.all).toMatchObject([{ id }]);
  expect([await opens('second password'), await opens('first password')]).toEqual([true, false]);
});

it('finds the administrator again when the address is configured no more', async () => {
  await ensureLocalAdministrator(users, { email: 'ana@example.com', password: 'first password' });
  expect(await ensureLocalAdministrator(users, {})).toEqual({ email: 'ana@example.com' });
  expect(users.all).toHaveLength(1);
});

it('gives a new password when asked to', async () => {
  const first = await ensureLocalAdministrator(users, {});
  const second = await ensureLocalAdministrator(users, { reset: true });
  expect(second.email).toBe(first.email);
  expect([await opens(second.password), await opens(first.password)]).toEqual([true, false]);
});

it('gives the role back to one who lost it', async () => {
  await users.save({ id: newId<UserId>(), provider: 'local', externalId: 'ana@example.com', email: 'ana@example.com', name: 'Ana', role: 'user', passwordHash: undefined });
  const { password } = await ensureLocalAdministrator(users, { email: 'ana@example.com' });
  expect(users.all).toMatchObject([{ role: 'admin', name: 'Ana' }]);
  expect(await opens(password)).toBe(true);
});

it.each([{ email: 'nobody' }, { password: 'short' }])('refuses %j', async (wish) => {
  await expect(ensureLocalAdministrator(users, wish)).rejects.toThrow(InvalidInputError);
  expect(users.all).toEqual([]);
});
