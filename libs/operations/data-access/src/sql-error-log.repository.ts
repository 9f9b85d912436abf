import { CollectionDatabase, instant, translateDatabaseErrors } from '@repo/database';
import { ErrorLogRepository, type ErrorCursor, type LoggedError } from '@repo/operations-domain';
import { ErrorLogRow } from './error-log.row.js';

export class SqlErrorLogRepository extends ErrorLogRepository {
  constructor(private readonly database: CollectionDatabase) {
    super();
  }

  page(limit: number, after?: ErrorCursor): Promise<LoggedError[]> {
    return translateDatabaseErrors(async () => {
      const { source } = this.database;
      const query = source.getRepository(ErrorLogRow).createQueryBuilder('error').orderBy('error.timestamp', 'DESC').addOrderBy('error.id', 'DESC').take(limit);
      if (after) {
        query.where('(error.timestamp < :at OR (error.timestamp = :at AND error.id < :id))', { at: instant(source, after.timestamp), id: after.id });
      }
      const rows = await query.getMany();
      return rows.map(({ id, message, reason, context, timestamp }) => ({ id, message, reason, context: { ...context }, timestamp }));
    });
  }
}
