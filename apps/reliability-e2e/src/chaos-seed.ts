import { randomInt } from 'node:crypto';
import { seededRandom } from '@repo/kernel';

/** Every random choice of a run comes from one seed: printed, and repeated by `CHAOS_SEED=`. */
export class ChaosSeed {
  private readonly next: () => number;

  constructor(readonly value: number = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31))) {
    if (!Number.isInteger(value)) {
      throw new RangeError(`CHAOS_SEED must be a whole number, got "${process.env['CHAOS_SEED']}"`);
    }
    console.log(`CHAOS_SEED=${value} repeats the random choices of this run`);
    this.next = seededRandom(value);
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** Throws RangeError for an empty list. */
  oneOf<T>(choices: readonly T[]): T {
    if (choices.length === 0) {
      throw new RangeError('There is nothing to choose from');
    }
    return choices[Math.floor(this.next() * choices.length)]!;
  }
}
