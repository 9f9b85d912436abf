import { createHash } from 'node:crypto';
import { Inbox, MessageIdReusedError, type ReceivedMessage } from '@repo/augmentation-domain';
import { LearningDatabase, translateDatabaseErrors } from '@repo/database';

export class SqlInbox extends Inbox {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  override async wasHandled({ messageId, queue, body }: ReceivedMessage): Promise<boolean> {
    const bodyHash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const [known] = await this.query<{ body_hash: string; handled: boolean }>(
      // Nothing changes on conflict, but only an update answers the row that is there.
      `INSERT INTO inbox (message_id, queue, body_hash) VALUES ($1, $2, $3)
       ON CONFLICT (message_id) DO UPDATE SET queue = inbox.queue
       RETURNING body_hash, handled_at IS NOT NULL AS handled`,
      [messageId, queue, bodyHash],
    );
    if (known!.body_hash !== bodyHash) {
      throw new MessageIdReusedError(messageId);
    }
    return known!.handled;
  }

  override async markHandled(messageId: string): Promise<void> {
    await this.query('UPDATE inbox SET handled_at = now() WHERE message_id = $1', [messageId]);
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return translateDatabaseErrors(() => this.database.source.query(sql, parameters) as Promise<Row[]>);
  }
}
