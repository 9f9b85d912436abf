import type { PhotoId } from '@repo/kernel';
import type { MessageTraces } from './judge-sent-message.js';

/** A row of the outbox whose message the broker took. */
export interface SentMessage {
  readonly id: string;
  readonly messageId: string;
  /** JSON. */
  readonly body: string;
  readonly sentAt: Date;
}

/** Messages that were sent, and what became of them. Methods throw TemporaryError. */
export abstract class SentMessageLog {
  /** Sent within the time, both ends included, below `after` when it is given; oldest first, at most `limit`. */
  abstract page(messageName: string, sent: { from: Date; until: Date }, limit: number, after?: SentMessage): Promise<SentMessage[]>;

  /** In the order of what was asked; at most 1,000. */
  abstract tracesOf(messages: readonly { messageId: string; photoId: PhotoId }[]): Promise<MessageTraces[]>;

  /**
   * Puts the messages back into the outbox, each under a new id; those that somebody else put back meanwhile stay as they are.
   *
   * @returns how many were put back
   */
  abstract sendAgain(messages: readonly SentMessage[], at: Date): Promise<number>;
}
