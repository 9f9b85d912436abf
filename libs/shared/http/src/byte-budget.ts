import { TemporaryError } from '@repo/kernel';

interface Claim {
  readonly bytes: number;
  readonly owner: string;
  readonly enter: () => void;
}

/**
 * Memory that uploads share: what does not fit waits, unread, in its sender's hands.
 * First come, first served, but whoever holds something gets no more than half of the whole:
 * one sender's many uploads don't keep the others out. One upload that is larger than
 * the whole gets it to itself.
 */
export class ByteBudget {
  private used = 0;
  private readonly usedBy = new Map<string, number>();
  private waiting: Claim[] = [];

  constructor(
    private readonly limit: number,
    private readonly patienceMs: number,
  ) {}

  /** Resolves when there is room; the answer gives it back. Throws TemporaryError when there is none for `patienceMs`. */
  async take(bytes: number, owner: string): Promise<() => void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== claim);
        reject(new TemporaryError('Uploads of others hold all the memory there is for them'));
        this.admit(); // those behind may be smaller
      }, this.patienceMs).unref();
      const claim: Claim = {
        bytes,
        owner,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.waiting.push(claim);
      this.admit();
    });
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        this.count(owner, -bytes);
        this.admit();
      }
    };
  }

  private admit(): void {
    for (const claim of [...this.waiting]) {
      if (!this.isWithinShare(claim)) {
        continue; // its owner waits for their own uploads, the others don't
      }
      if (!this.fits(claim)) {
        return;
      }
      this.waiting = this.waiting.filter((other) => other !== claim);
      this.count(claim.owner, claim.bytes);
      claim.enter();
    }
  }

  private isWithinShare({ bytes, owner }: Claim): boolean {
    const held = this.usedBy.get(owner) ?? 0;
    return held === 0 || held + bytes <= this.limit / 2;
  }

  private fits({ bytes }: Claim): boolean {
    return this.used === 0 || this.used + bytes <= this.limit;
  }

  private count(owner: string, bytes: number): void {
    this.used += bytes;
    const held = (this.usedBy.get(owner) ?? 0) + bytes;
    if (held === 0) {
      this.usedBy.delete(owner);
    } else {
      this.usedBy.set(owner, held);
    }
  }
}
