import { ErrorLogRepository, type LoggedError } from '@repo/collection-domain';
import { CollectionDatabase, translateDatabaseErrors } from '@repo/database';
import { newId, SystemClock, type Clock } from '@repo/kernel';
import { ErrorLogRow } from './error-log.row.js';

export class SqlErrorLogRepository extends ErrorLogRepository {
  constructor(
    private readonly database: CollectionDatabase,
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  record({ message, reason, context }: Omit<LoggedError, 'id' | 'timestamp'>): Promise<void> {
    return translateDatabaseErrors(async () => {
      await this.rows.insert({ id: newId(), message: fit(message, 2_000), reason: fit(reason, 400), context: context as object, timestamp: this.clock.now() });
    });
  }

  recent(limit: number): Promise<LoggedError[]> {
    return translateDatabaseErrors(async () => {
      const rows = await this.rows.find({ order: { timestamp: 'DESC', id: 'DESC' }, take: limit });
      return rows.map(({ id, message, reason, context, timestamp }) => ({ id, message, reason, context, timestamp }));
    });
  }

  private get rows() {
    return this.database.source.getRepository(ErrorLogRow);
  }
}

/** NUL can't be stored in PostgreSQL, and what goes wrong may well be about such a text. */
function fit(text: string, maxLength: number): string {
  return text.replace(/\0/g, '').slice(0, maxLength);
}
