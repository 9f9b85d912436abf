export interface ReceivedMessage {
  readonly messageId: string;
  readonly queue: string;
  readonly body: unknown;
}

/** Which messages were handled, so that a second delivery costs nothing. */
export abstract class Inbox {
  /** Whether the message was handled to its end before. Throws MessageIdReusedError when its id came with another body. */
  abstract wasHandled(message: ReceivedMessage): Promise<boolean>;
  abstract markHandled(messageId: string): Promise<void>;
}
