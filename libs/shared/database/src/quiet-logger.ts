import type { Logger } from 'typeorm';

/** TypeORM's own lines would break a log of JSON; whatever fails is thrown to who asked for it. */
export class QuietLogger implements Logger {
  logQuery(): void {}
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
