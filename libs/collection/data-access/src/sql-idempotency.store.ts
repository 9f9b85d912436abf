import { IdempotencyInProgressError, IdempotencyKeyReusedError } from '@repo/collection-domain';
import { CollectionDatabase, instant, isConnectionLost, isUniqueViolation, translateDatabaseErrors } from '@repo/database';
import type { IdempotencyClaim, IdempotencyOutcome, IdempotencyStore, StoredAnswer } from '@repo/http/idempotency-store';
import { InvalidInputError, newId, SystemClock, TemporaryError, type Clock, type UserId } from '@repo/kernel';
import { IsNull } from 'typeorm';
import { IdempotencyKeyRow } from './idempotency-key.row.js';

/** A request that never finished (its process died) may be tried again after this. */
const CLAIM_TIMEOUT_MS = 60_000;
/** How long an answer is given again. */
const KEPT_MS = 24 * 3_600_000;
const ATTEMPTS = 5;

export class SqlIdempotencyStore implements IdempotencyStore {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {}

  async begin(ownerId: UserId, key: string, fingerprint: string): Promise<IdempotencyOutcome> {
    if (!/^[\x20-\x7e]{1,200}$/.test(key)) {
      throw new InvalidInputError('Idempotency-Key must have 1 to 200 printable ASCII characters');
    }
    return translateDatabaseErrors(async () => {
      const claim = { id: newId(), claimedAt: this.clock.now() };
      // Between looking and claiming another request may be quicker: then look again.
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const row = await this.rows.findOneBy({ ownerId, key });
        const outcome = row ? await this.meet(row, fingerprint, claim) : await this.claim(ownerId, key, fingerprint, claim);
        if (outcome) {
          return outcome;
        }
      }
      throw new TemporaryError('Too many requests with this Idempotency-Key at once');
    });
  }

  finish(claim: IdempotencyClaim, { status, response }: StoredAnswer): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.rows.update(this.held(claim), { status, response: (response ?? null) as IdempotencyKeyRow['response'] });
    });
  }

  forget(claim: IdempotencyClaim): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.rows.delete(this.held(claim));
    });
  }

  release(claim: IdempotencyClaim): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.rows.update(this.held(claim), { createdAt: new Date(this.clock.now().getTime() - CLAIM_TIMEOUT_MS) });
    });
  }

  /** Removes keys older than 24 h; answers how many. */
  purge(): Promise<number> {
    return translateDatabaseErrors(async () => {
      const before = instant(this.database.source, new Date(this.clock.now().getTime() - KEPT_MS));
      const { affected } = await this.rows.createQueryBuilder().delete().where('createdAt < :before', { before }).execute();
      return affected ?? 0;
    });
  }

  private async claim(ownerId: UserId, key: string, fingerprint: string, claim: IdempotencyClaim): Promise<IdempotencyOutcome | undefined> {
    try {
      await this.rows.insert({ id: claim.id, ownerId, key, fingerprint, status: null, response: null, createdAt: claim.claimedAt });
      return { kind: 'claimed', claim };
    } catch (error) {
      // With the connection its answer is lost: the row, if it is there, is known by its id.
      if (isUniqueViolation(error) || isConnectionLost(error)) {
        return undefined;
      }
      throw error;
    }
  }

  private async meet(row: IdempotencyKeyRow, fingerprint: string, claim: IdempotencyClaim): Promise<IdempotencyOutcome | undefined> {
    if (row.id === claim.id) {
      return { kind: 'claimed', claim };
    }
    const ageMs = this.clock.now().getTime() - row.createdAt.getTime();
    if (ageMs > KEPT_MS) {
      await this.rows.delete({ id: row.id, createdAt: instant(this.database.source, row.createdAt) });
      return undefined;
    }
    if (row.fingerprint !== fingerprint) {
      throw new IdempotencyKeyReusedError();
    }
    if (row.status !== null) {
      return { kind: 'answered', answer: { status: row.status, response: row.response } };
    }
    if (ageMs < CLAIM_TIMEOUT_MS) {
      throw new IdempotencyInProgressError();
    }
    const takenOver = { id: row.id, claimedAt: claim.claimedAt };
    const { affected } = await this.rows.update(this.held({ id: row.id, claimedAt: row.createdAt }), { createdAt: takenOver.claimedAt });
    return affected === 1 ? { kind: 'claimed', claim: takenOver } : undefined;
  }

  /** The row, so long as this claim has neither been finished nor taken over. */
  private held({ id, claimedAt }: IdempotencyClaim) {
    return { id, createdAt: instant(this.database.source, claimedAt), status: IsNull() };
  }

  private get rows() {
    return this.database.source.getRepository(IdempotencyKeyRow);
  }
}
