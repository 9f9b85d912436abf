import type { UserId } from '@repo/kernel';

/** The right to carry out a request, until it is finished, forgotten or 60 s old. */
export interface IdempotencyClaim {
  /**
   * A UUID that stays the same for this owner and key, also when a claim is taken over:
   * used as the id of what the request makes, it can't be made twice.
   */
  readonly id: string;
  /** Tells this claim from one that took it over. */
  readonly claimedAt: Date;
}

export interface StoredAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly response: unknown;
}

export type IdempotencyOutcome =
  | { readonly kind: 'claimed'; readonly claim: IdempotencyClaim }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer };

/** A request that never finished (its process died) may be tried again after this. */
export const CLAIM_TIMEOUT_MS = 60_000;
/** How long an answer is given again. */
export const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000;

/** Requests by Idempotency-Key, so that a repeated one has one effect and one answer. Methods throw TemporaryError. */
export abstract class IdempotencyStore {
  /**
   * Claims the key or gives the stored answer of its first use.
   * @param key 1 to 200 characters, compared exactly
   * @param fingerprint of the request's content, at most 64 characters
   * Throws IdempotencyKeyReusedError for another fingerprint, IdempotencyInProgressError while another request holds it, InvalidInputError for a bad key.
   */
  abstract begin(ownerId: UserId, key: string, fingerprint: string): Promise<IdempotencyOutcome>;

  /** Keeps the answer for 24 h; nothing happens when the claim was taken over meanwhile. */
  abstract finish(claim: IdempotencyClaim, answer: StoredAnswer): Promise<void>;

  /** Gives the key back, for requests that had no effect and may be tried again. */
  abstract forget(claim: IdempotencyClaim): Promise<void>;

  /** Removes keys older than 24 h; answers how many. */
  abstract purge(): Promise<number>;
}
