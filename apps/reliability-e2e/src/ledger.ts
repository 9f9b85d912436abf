import { appendFileSync } from 'node:fs';
import path from 'node:path';

export interface Attempt {
  /** 0 where there was no answer at all. */
  readonly status: number;
  readonly ms: number;
}

export interface KeptAnswer {
  itemId: string;
  photoIds: string[];
}

/** What somebody wanted of the platform, and what it said. */
export interface Intent {
  /** The upload's Idempotency-Key, and the item's name. */
  readonly key: string;
  /** In order. */
  readonly attempts: Attempt[];
  /** Present once the platform has promised to keep it. */
  kept?: KeptAnswer;
  /** Present once the platform has refused it for good. */
  refused?: string;
  /** The platform has confirmed that it is deleted. */
  isDeleted: boolean;
}

/**
 * Kept outside the system, in memory and in a file: every intent before it is uttered, and every answer.
 * What the platform holds in the end is compared with it.
 */
export class Ledger {
  readonly intents: Intent[] = [];
  private readonly file: string;

  constructor(folder: string) {
    this.file = path.join(folder, 'ledger.jsonl');
  }

  intend(key: string): Intent {
    const intent: Intent = { key, attempts: [], isDeleted: false };
    this.intents.push(intent);
    this.write({ key, event: 'intended' });
    return intent;
  }

  noteAttempt(intent: Intent, attempt: Attempt): void {
    intent.attempts.push(attempt);
    this.write({ key: intent.key, event: 'attempted', ...attempt });
  }

  noteKept(intent: Intent, kept: KeptAnswer): void {
    intent.kept = kept;
    this.write({ key: intent.key, event: 'kept', ...kept });
  }

  noteRefused(intent: Intent, code: string): void {
    intent.refused = code;
    this.write({ key: intent.key, event: 'refused', code });
  }

  noteDeleted(intent: Intent): void {
    intent.isDeleted = true;
    this.write({ key: intent.key, event: 'deleted' });
  }

  /** Photos that the platform has promised to keep and to augment. */
  get photoIds(): string[] {
    return this.intents.flatMap(({ kept, isDeleted }) => (kept && !isDeleted ? kept.photoIds : []));
  }

  private write(entry: object): void {
    appendFileSync(this.file, `${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
  }
}
