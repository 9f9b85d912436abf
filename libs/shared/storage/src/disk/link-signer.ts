import { createHmac, timingSafeEqual } from 'node:crypto';
import { LinkExpiredError } from '../errors.js';
import { checkKey, checkLinkable } from '../object-key.js';
import type { Bucket } from '../object-store.js';

/**
 * A link's end is moved up to the next quarter of an hour. So all links made for an object within
 * one quarter are the same text, and a browser that has the picture doesn't fetch it again.
 */
const stepS = 900;

/** Makes and checks links to single objects: whoever has one may read that object until it ends. */
export class LinkSigner {
  /**
   * @param publicUrl how browsers reach the backend, e.g. `https://collection.example`
   * @param secret at least 256 bits of text
   */
  constructor(
    private readonly publicUrl: string,
    private readonly secret: string,
  ) {}

  /** A link that works for `lifeS` seconds and up to 15 minutes longer. Throws InvalidInputError for the bucket `models`. */
  link(bucket: Bucket, key: string, lifeS: number, now: Date): string {
    checkLinkable(bucket);
    checkKey(key);
    const expires = String(Math.ceil((now.getTime() / 1_000 + lifeS) / stepS) * stepS);
    const base = this.publicUrl.replace(/\/+$/, '');
    return `${base}/api/objects/${bucket}/${key}?expires=${expires}&signature=${this.sign(bucket, key, expires)}`;
  }

  /**
   * Seconds the link still works. Throws LinkExpiredError for any link that was not made here or has ended.
   *
   * @param expires as it stands in the link, in seconds since 1970
   */
  verify(bucket: string, key: string, expires: unknown, signature: unknown, now: Date): number {
    if (typeof expires !== 'string' || typeof signature !== 'string' || !isEqual(signature, this.sign(bucket, key, expires))) {
      throw new LinkExpiredError();
    }
    const lifeS = Number(expires) - now.getTime() / 1_000;
    if (!(lifeS > 0)) {
      throw new LinkExpiredError();
    }
    return Math.ceil(lifeS);
  }

  private sign(bucket: string, key: string, expires: string): string {
    // Line breaks can't occur in a signed key, so no two links share a text to sign.
    return createHmac('sha256', this.secret).update(`${bucket}\n${key}\n${expires}`).digest('base64url');
  }
}

function isEqual(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
