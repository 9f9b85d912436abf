import { imageAugmentations, type MessageOf } from '@repo/contracts';
import { newId, type Clock } from '@repo/kernel';
import { ErrorReporter } from '@repo/observability';
import { DeadLetterRepository, groupKeyOf, type AuditEntry, type DeadMessage, type Letter, type LetterGroup, type LetterId, type OpenLetters, type Replay } from '@repo/operations-domain';

export class FixedClock implements Clock {
  time = new Date('2026-05-04T12:00:00.000Z');

  now(): Date {
    return this.time;
  }

  advance(ms: number): void {
    this.time = new Date(this.time.getTime() + ms);
  }
}

export class CollectedReports extends ErrorReporter {
  readonly reports: { error: unknown; context: Readonly<Record<string, unknown>> }[] = [];

  override report(error: unknown, context: Readonly<Record<string, unknown>>): void {
    this.reports.push({ error, context });
  }
}

export function photoMessage(overrides: Partial<MessageOf<typeof imageAugmentations>> = {}): MessageOf<typeof imageAugmentations> {
  const [itemId, fotoId] = [newId(), newId()];
  return { itemId, fotoId, fotoCaminho: `item/${itemId}/${fotoId}.jpg`, categoria: 'Moedas', userId: newId(), sha256: '0a'.repeat(32), ...overrides };
}

/** The table as the other side of the port sees it; what is only read elsewhere answers nothing. */
export class InMemoryDeadLetters extends DeadLetterRepository {
  readonly letters = new Map<LetterId, Letter>();
  readonly errorMessages: string[] = [];
  readonly alarmed = new Set<LetterId>();
  /** What would lie in the outbox. */
  readonly sent: Replay[] = [];
  readonly audit: (AuditEntry & { letters: number })[] = [];
  /** What the next `keep` throws. */
  failure: Error | undefined;

  override async keep(letter: DeadMessage, errorMessage: string): Promise<void> {
    if (this.failure) {
      throw this.failure;
    }
    if (!this.letters.has(letter.letterId)) {
      this.letters.set(letter.letterId, { ...letter, state: 'open' });
      this.errorMessages.push(errorMessage);
    }
  }

  override async claimAlarm(letterId: LetterId): Promise<boolean> {
    const isFirst = !this.alarmed.has(letterId);
    this.alarmed.add(letterId);
    return isFirst;
  }

  override async openLetters(): Promise<OpenLetters[]> {
    return [];
  }

  override async groups(): Promise<LetterGroup[]> {
    return [];
  }

  override async rounds(queue: string, letterId: LetterId): Promise<Letter[]> {
    return [...this.letters.values()].filter((letter) => letter.queue === queue && letter.letterId === letterId);
  }

  override async openInGroup(queue: string, groupKey: string): Promise<LetterId[]> {
    return [...this.letters.values()].filter((letter) => letter.queue === queue && letter.state === 'open' && groupKeyOf(letter) === groupKey).map(({ letterId }) => letterId);
  }

  override async getMany(letterIds: readonly LetterId[]): Promise<Letter[]> {
    return letterIds.flatMap((letterId) => this.letters.get(letterId) ?? []);
  }

  override async replay(replays: readonly Replay[], audit: AuditEntry): Promise<number> {
    const open = replays.filter(({ letterId }) => this.settle(letterId, 'replayed'));
    this.sent.push(...open);
    this.note(audit, open.length);
    return open.length;
  }

  override async discard(letterId: LetterId, audit: AuditEntry): Promise<boolean> {
    const isOpen = this.settle(letterId, 'discarded');
    this.note(audit, isOpen ? 1 : 0);
    return isOpen;
  }

  private settle(letterId: LetterId, state: 'replayed' | 'discarded'): boolean {
    const letter = this.letters.get(letterId);
    if (letter?.state !== 'open') {
      return false;
    }
    this.letters.set(letterId, { ...letter, state });
    return true;
  }

  private note(audit: AuditEntry, letters: number): void {
    const known = this.audit.find(({ id }) => id === audit.id);
    if (known) {
      known.letters += letters;
    } else if (letters > 0) {
      this.audit.push({ ...audit, letters });
    }
  }
}
