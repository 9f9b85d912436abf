import { InvalidInputError } from '@repo/kernel';
import { expect, it, vi } from 'vitest';
import { checkPassword, generatePassword, hashPassword, verifyPassword } from './password.js';

vi.setConfig({ testTimeout: 60_000 }); // hashing is slow on purpose

const password = 'correto cavalo bateria';

it('knows the password again and no other', async () => {
  const stored = await hashPassword(password);
  expect(stored).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  expect(await verifyPassword(password, stored)).toBe(true);
  expect(await verifyPassword(`${password} `, stored)).toBe(false);
  expect(await verifyPassword('', stored)).toBe(false);
});

it('hashes the same password differently each time', async () => {
  expect(await hashPassword(password)).not.toBe(await hashPassword(password));
});

it('takes an accent for the same, however it was typed', async () => {
  expect(await verifyPassword('corac\u0327a\u0303o de ouro', await hashPassword('coração de ouro'))).toBe(true);
});

// scrypt of "password" with N=1024, r=8, p=16 is RFC 7914's; N and r are read from the text, not from us.
it('checks hashes of other costs', async () => {
  const salt = Buffer.from('NaCl').toString('base64url');
  const hash = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex').toString('base64url');
  expect(await verifyPassword('password', `scrypt$1024$8$16$${salt}$${hash}`)).toBe(true);
});

it.each([
  ['nobody', undefined],
  ['nothing', ''],
  ['another scheme', '$2b$10$abcdefghijklmnopqrstuv'],
  ['a cut text', 'scrypt$32768$8$3$abc'],
  ['a cost that takes all memory', `scrypt$99999999$8$1$AAAA$${'A'.repeat(43)}`],
  ['a short hash', 'scrypt$1024$8$1$AAAA$AAAA'],
])('refuses every password against %s', async (_, stored) => {
  expect(await verifyPassword(password, stored)).toBe(false);
});

it('takes as long for nobody as for somebody', async () => {
  const stored = await hashPassword(password);
  const time = async (against: string | undefined) => {
    const start = performance.now();
    await verifyPassword('wrong', against);
    return performance.now() - start;
  };
  await time(stored);
  const somebody = Math.min(await time(stored), await time(stored), await time(stored));
  const nobody = Math.min(await time(undefined), await time(undefined), await time(undefined));
  expect(nobody).toBeGreaterThan(somebody / 3); // an answer without hashing takes a thousandth
});

it.each(['x'.repeat(11), 'x'.repeat(1_001), ''])('refuses a password of the wrong length', (bad) => {
  expect(() => checkPassword(bad)).toThrow(InvalidInputError);
});

it('makes passwords that pass and never repeat', () => {
  const made = Array.from({ length: 200 }, generatePassword);
  made.forEach((one) => {
    expect(one).toMatch(/^[a-km-np-zA-HJ-NP-Z2-9]{20}$/);
    expect(() => checkPassword(one)).not.toThrow();
  });
  expect(new Set(made).size).toBe(200);
});
