export interface LoggedError {
  readonly id: string;
  readonly message: string;
  /** Why it happened, e.g. an error code. */
  readonly reason: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly timestamp: Date;
}

/** What went wrong for good and a person should see, e.g. a message in the dead letters. Methods throw TemporaryError. */
export abstract class ErrorLogRepository {
  /** Texts beyond the columns' lengths (message 2,000, reason 400) are cut. */
  abstract record(error: Omit<LoggedError, 'id' | 'timestamp'>): Promise<void>;

  /** Newest first, at most `limit`. */
  abstract recent(limit: number): Promise<LoggedError[]>;
}
