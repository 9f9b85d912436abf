import { MessageIdReusedError } from '../errors.js';
import { Inbox, type ReceivedMessage } from '../inbox.js';

/** Messages in maps, by the same rules as the real ones. */
export class InMemoryInbox extends Inbox {
  private readonly bodies = new Map<string, string>();
  private readonly handled = new Set<string>();

  override async wasHandled({ messageId, body }: ReceivedMessage): Promise<boolean> {
    const text = JSON.stringify(body);
    if ((this.bodies.get(messageId) ?? text) !== text) {
      throw new MessageIdReusedError(messageId);
    }
    this.bodies.set(messageId, text);
    return this.handled.has(messageId);
  }

  override async markHandled(messageId: string): Promise<void> {
    this.handled.add(messageId);
  }

  /** As when the rows are older than a week. */
  forgetAll(): void {
    this.bodies.clear();
    this.handled.clear();
  }
}
