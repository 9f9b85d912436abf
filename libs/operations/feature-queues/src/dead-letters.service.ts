import { Injectable, Logger } from '@nestjs/common';
import { messages } from '@repo/contracts';
import { InvalidRequestError, type SignedInUser } from '@repo/http';
import { Clock, newId } from '@repo/kernel';
import { MessageBus, OutboxRelay, type QueueDepth } from '@repo/messaging';
import { currentTraceparent } from '@repo/observability';
import { DeadLetterNotFoundError, DeadLetterReplayedError, DeadLetterRepository, QueueNotFoundError, type AuditEntry, type Letter, type LetterGroup, type LetterId, type Replay } from '@repo/operations-domain';
import { messageToSend } from './message-to-send.js';

/** Letters in a transaction. */
const BATCH = 100;

export interface QueueState {
  readonly name: string;
  readonly description: string;
  /** Undefined while the broker does not answer. */
  readonly depth: QueueDepth | undefined;
  readonly open: number;
  readonly oldest: Date | undefined;
}

/** The queues and their dead letters, as administrators see and settle them. */
@Injectable()
export class DeadLettersService {
  private readonly logger = new Logger('dead-letters');

  constructor(
    private readonly letters: DeadLetterRepository,
    private readonly bus: MessageBus,
    private readonly relay: OutboxRelay,
    private readonly clock: Clock,
  ) {}

  async queues(): Promise<QueueState[]> {
    const open = await this.letters.openLetters();
    return Promise.all(
      [...new Set(messages.map(({ queue }) => queue))].map(async (name) => {
        const { count = 0, oldest } = open.find(({ queue }) => queue === name) ?? {};
        const description = messages.filter(({ queue }) => queue === name).map(({ purpose }) => purpose).join(' ');
        return { name, description, depth: await this.depth(name), open: count, oldest };
      }),
    );
  }

  /** Throws QueueNotFoundError. */
  async groups(queue: string): Promise<LetterGroup[]> {
    requireQueue(queue);
    return this.letters.groups(queue);
  }

  /** The letter with every round of its message, oldest first. Throws QueueNotFoundError, DeadLetterNotFoundError. */
  async get(queue: string, letterId: LetterId): Promise<{ letter: Letter; rounds: Letter[] }> {
    requireQueue(queue);
    const rounds = await this.letters.rounds(queue, letterId);
    const letter = rounds.find((round) => round.letterId === letterId);
    if (!letter) {
      throw new DeadLetterNotFoundError(queue, letterId);
    }
    return { letter, rounds };
  }

  /**
   * Sends the letter's message again, or one with another body, under a new id and with all its attempts.
   * Throws InvalidRequestError when that is no message of the queue, DeadLetterReplayedError when the letter is not open.
   *
   * @returns the id of the new message
   */
  async replay(user: SignedInUser, queue: string, letterId: LetterId, { body, why }: { body?: unknown; why?: string | undefined }): Promise<string> {
    const letter = await this.openLetter(queue, letterId);
    const audit = this.audit(user, { what: body === undefined ? 'replay' : 'edit and replay', queue, why, letterId });
    const replay = this.replayOf(letter, audit.at, body);
    if ('invalid' in replay) {
      throw new InvalidRequestError(replay.invalid);
    }
    if ((await this.letters.replay([replay], audit)) === 0) {
      throw new DeadLetterReplayedError(letterId, 'replayed');
    }
    this.relay.wake();
    this.tell(audit, 1);
    return replay.messageId;
  }

  /**
   * Sends again what is open in a group now, in the order in which the messages were first sent. Letters whose
   * message its handler could not read are skipped.
   */
  async replayGroup(user: SignedInUser, queue: string, groupKey: string, why: string): Promise<{ replayed: number; skipped: number }> {
    requireQueue(queue);
    const audit = this.audit(user, { what: 'replay group', queue, why, groupKey });
    // Those that are open now: what fails again meanwhile is of the same group, and would go round for ever.
    const open = await this.letters.openInGroup(queue, groupKey);
    let [replayed, skipped] = [0, 0];
    for (let start = 0; start < open.length; start += BATCH) {
      const letters = await this.letters.getMany(open.slice(start, start + BATCH));
      // A millisecond apart: that is the order in which the outbox is read.
      const replays = letters.map((letter, index) => this.replayOf(letter, new Date(audit.at.getTime() + start + index)));
      const valid = replays.filter((replay): replay is Replay => !('invalid' in replay));
      replayed += await this.letters.replay(valid, audit);
      skipped += replays.length - valid.length;
      this.relay.wake();
    }
    this.tell(audit, replayed);
    return { replayed, skipped };
  }

  /** Throws DeadLetterReplayedError when the letter is not open. */
  async discard(user: SignedInUser, queue: string, letterId: LetterId, why: string): Promise<void> {
    await this.openLetter(queue, letterId);
    const audit = this.audit(user, { what: 'discard', queue, why, letterId });
    if (!(await this.letters.discard(letterId, audit))) {
      throw new DeadLetterReplayedError(letterId, 'discarded');
    }
    this.tell(audit, 1);
  }

  private async openLetter(queue: string, letterId: LetterId): Promise<Letter> {
    const { letter } = await this.get(queue, letterId);
    if (letter.state !== 'open') {
      throw new DeadLetterReplayedError(letterId, letter.state);
    }
    return letter;
  }

  private replayOf(letter: Letter, at: Date, editedBody?: unknown): Replay | { invalid: readonly { field: string; message: string }[] } {
    const message = messageToSend(letter, editedBody);
    if ('invalid' in message) {
      return message;
    }
    const { letterId, queue } = letter;
    return { letterId, queue, messageName: message.name, messageId: newId(), body: message.body, edited: editedBody !== undefined, traceparent: currentTraceparent(), at };
  }

  private audit(user: SignedInUser, action: Omit<AuditEntry, 'id' | 'who' | 'at'>): AuditEntry {
    return { id: newId(), who: user.id, at: this.clock.now(), ...action };
  }

  private tell({ what, queue, who, why, letterId, groupKey }: AuditEntry, letters: number): void {
    this.logger.log({ msg: `dead letters: ${what}`, queue, letters, by: who, why, letterId, groupKey });
  }

  /** Just when the broker is away people look at what it left. */
  private depth(queue: string): Promise<QueueDepth | undefined> {
    return this.bus.depth(queue).catch((error: unknown) => {
      this.logger.warn({ msg: 'the depth of a queue is not known', queue, err: error });
      return undefined;
    });
  }
}

function requireQueue(name: string): void {
  if (!messages.some(({ queue }) => queue === name)) {
    throw new QueueNotFoundError(name);
  }
}
