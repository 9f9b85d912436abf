import type { EntityClass, MigrationClass } from '@repo/database';
import { DeadLetterRow } from './dead-letter.row.js';
import { ErrorLogRow } from './error-log.row.js';
import { Operations1760000400000 } from './operations.migration.js';
import { OutboxEntryRow } from './outbox-entry.row.js';
import { QueueAuditRow } from './queue-audit.row.js';

/** What operations brings to the collection database. */
export const operationsEntities: EntityClass[] = [DeadLetterRow, QueueAuditRow, ErrorLogRow, OutboxEntryRow];
export const operationsMigrations: MigrationClass[] = [Operations1760000400000];
