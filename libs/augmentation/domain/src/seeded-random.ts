import { createHash } from 'node:crypto';

/** Uniform numbers that are the same for the same seed, on every machine. */
export interface SeededRandom {
  /** From 0 to 2^32 - 1. */
  nextUint32(): number;
  /** From `low` (included) to `high` (excluded). */
  between(low: number, high: number): number;
}

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * ACM TOMS 47, 2021; https://prng.di.unimi.it/xoshiro128starstar.c), its state being the first
 * 128 bits, big-endian, of the SHA-256 of `seed`.
 */
export function seededRandom(seed: string): SeededRandom {
  const digest = createHash('sha256').update(seed).digest();
  return xoshiro128([digest.readUInt32BE(0), digest.readUInt32BE(4), digest.readUInt32BE(8), digest.readUInt32BE(12)]);
}

/** The generator itself; the state must not be all zero. */
export function xoshiro128([a, b, c, d]: readonly [number, number, number, number]): SeededRandom {
  const nextUint32 = (): number => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
  return { nextUint32, between: (low, high) => low + (nextUint32() / 2 ** 32) * (high - low) };
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
