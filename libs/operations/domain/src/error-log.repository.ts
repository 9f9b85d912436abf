export interface LoggedError {
  readonly id: string;
  readonly message: string;
  /** Why it happened, e.g. the last error of a message. */
  readonly reason: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly timestamp: Date;
}

/** The last error of a page: the next page begins below it. Newest first, ids break ties. */
export type ErrorCursor = Pick<LoggedError, 'timestamp' | 'id'>;

/** What went wrong for good and a person should see. Methods throw TemporaryError. */
export abstract class ErrorLogRepository {
  /** Newest first, at most `limit`, those below `after` when it is given. */
  abstract page(limit: number, after?: ErrorCursor): Promise<LoggedError[]>;
}
