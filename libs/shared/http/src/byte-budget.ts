/**
 * Memory that uploads share: what does not fit waits, unread, in its sender's hands.
 * First come, first served; one that is larger than the whole budget gets it to itself.
 */
export class ByteBudget {
  private used = 0;
  private readonly waiting: { bytes: number; enter: () => void }[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves when there is room; the answer gives it back. */
  async take(bytes: number): Promise<() => void> {
    if (this.waiting.length > 0 || !this.fits(bytes)) {
      await new Promise<void>((enter) => this.waiting.push({ bytes, enter }));
    } else {
      this.used += bytes;
    }
    let isHeld = true;
    return () => {
      this.used -= isHeld ? bytes : 0;
      isHeld = false;
      this.admit();
    };
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.limit;
  }

  private admit(): void {
    for (let next = this.waiting[0]; next && this.fits(next.bytes); next = this.waiting[0]) {
      this.used += next.bytes;
      this.waiting.shift();
      next.enter();
    }
  }
}
