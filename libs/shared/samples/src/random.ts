import { seededRandom } from '@repo/kernel';

/** Repeatable chance: the same seeds give the same sequence on every machine. */
export class Random {
  /** From 0 up to, but not including, 1. */
  readonly next: () => number;

  /** @param seeds numbers or texts that together name the sequence, e.g. `('coin', 7, 'view', 2)` */
  constructor(...seeds: readonly (string | number)[]) {
    this.next = seededRandom(hash(seeds.join('/')));
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of a list, which must not be empty. */
  pick<const List extends readonly [unknown, ...unknown[]]>(list: List): List[number] {
    return list[Math.floor(this.next() * list.length)];
  }

  /** Roughly normal, mean 0 and deviation 1: the sum of four even draws, scaled. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * Math.sqrt(3);
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value | 0;
}
