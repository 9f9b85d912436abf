/**
 * Repeatable chance: numbers from 0 up to, but not including, 1, the same for the same seed on every machine.
 * Mulberry32 (Tommy Ettinger, public domain): its 32 bits of state are plenty for drawing, shuffling and tests.
 *
 * @param seed a whole number; only its lowest 32 bits count
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
