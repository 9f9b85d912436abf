import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { InvalidInputError } from '@repo/kernel';

interface Cost {
  /** CPU and memory: 128 * N * r bytes. */
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP Password Storage Cheat Sheet, the setting that takes 32 MiB. */
const cost: Cost = { N: 2 ** 15, r: 8, p: 3 };
/** A hash that asks for more was not made here, and must not take the machine's memory. */
const MAX_BYTES = 64 * 1024 * 1024;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export const MIN_PASSWORD = 12;
/** Longer ones cost nothing more, but must not be a way to keep the machine busy. */
export const MAX_PASSWORD = 1_000;

/** Throws InvalidInputError for a password shorter than 12 or longer than 1,000 characters. */
export function checkPassword(password: string): void {
  if (password.length < MIN_PASSWORD || password.length > MAX_PASSWORD) {
    throw new InvalidInputError(`A password must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`);
  }
}

/** A random password: 20 letters and digits without look-alikes, 116 bits. */
export function generatePassword(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  // 256 is no multiple of 56: bytes from 224 on would favour the first letters.
  const fair = Array.from(randomBytes(64)).filter((byte) => byte < 224);
  return fair.slice(0, 20).map((byte) => letters[byte % letters.length]).join('');
}

/** scrypt with a salt of its own, as `scrypt$N$r$p$salt$hash` (base64url). About 0.2 s in a thread of the pool. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Compares in constant time. Without a hash (nobody has that address) it takes as long and answers
 * false, so that the time does not tell who has an account.
 */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const { salt, hash, ...parameters } = parse(stored) ?? { ...cost, salt: Buffer.alloc(SALT_BYTES), hash: undefined };
  const derived = await derive(password.slice(0, MAX_PASSWORD + 1), salt, parameters);
  return hash !== undefined && timingSafeEqual(derived, hash);
}

function parse(stored: string | undefined): (Cost & { salt: Buffer; hash: Buffer }) | undefined {
  const match = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]+)\$([\w-]+)$/.exec(stored ?? '');
  if (!match) {
    return undefined;
  }
  const [N, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, hash] = match.slice(4).map((text) => Buffer.from(text, 'base64url')) as [Buffer, Buffer];
  return hash.length === HASH_BYTES && 128 * N * r <= MAX_BYTES ? { N, r, p, salt, hash } : undefined;
}

function derive(password: string, salt: Buffer, { N, r, p }: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFC: the same letters typed on another keyboard are the same password.
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, { N, r, p, maxmem: 2 * MAX_BYTES }, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
