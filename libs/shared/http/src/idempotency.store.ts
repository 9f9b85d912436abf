import type { UserId } from '@repo/kernel';

/** The right to carry out a request. */
export interface IdempotencyClaim {
  /** A UUID, the same for each try of one owner with one key: used as the id of what the request makes, it can't be made twice. */
  readonly id: string;
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

/**
 * Where requests with an Idempotency-Key are remembered. Methods throw TemporaryError.
 * Its own side door (`@repo/http/idempotency-store`), so that an adapter need not load a web server.
 */
export abstract class IdempotencyStore {
  /**
   * Claims the key, or gives the stored answer of its first use.
   * @param fingerprint of the request's content, at most 64 characters
   * Throws a DomainError with IDEMPOTENCY_KEY_REUSED for another fingerprint, with IDEMPOTENCY_IN_PROGRESS while another request holds the key, or with INVALID_INPUT for a bad key.
   */
  abstract begin(ownerId: UserId, key: string, fingerprint: string): Promise<IdempotencyOutcome>;
  /** Keeps the answer. */
  abstract finish(claim: IdempotencyClaim, answer: StoredAnswer): Promise<void>;
  /** Gives the key back: the request had no effect. */
  abstract forget(claim: IdempotencyClaim): Promise<void>;
  /** The request is over and its effect not known: the next one with this key carries it out again at once, under the same id. */
  abstract release(claim: IdempotencyClaim): Promise<void>;
  /** Removes keys older than 24 h; answers how many. */
  abstract purge(): Promise<number>;
}
