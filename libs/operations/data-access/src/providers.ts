import type { Provider } from '@nestjs/common';
import { CollectionDatabase, LearningDatabase } from '@repo/database';
import { DeadLetterRepository, ErrorLogRepository, SentMessageLog } from '@repo/operations-domain';
import { SqlDeadLetterRepository } from './sql-dead-letter.repository.js';
import { SqlErrorLogRepository } from './sql-error-log.repository.js';
import { SqlSentMessageLog } from './sql-sent-message-log.js';

/** What an app names to get this subject's ports; it brings both databases. */
export const operationsProviders: Provider[] = [
  { provide: DeadLetterRepository, useFactory: (database: CollectionDatabase) => new SqlDeadLetterRepository(database), inject: [CollectionDatabase] },
  { provide: ErrorLogRepository, useFactory: (database: CollectionDatabase) => new SqlErrorLogRepository(database), inject: [CollectionDatabase] },
  {
    provide: SentMessageLog,
    useFactory: (collection: CollectionDatabase, learning: LearningDatabase) => new SqlSentMessageLog(collection, learning),
    inject: [CollectionDatabase, LearningDatabase],
  },
];
