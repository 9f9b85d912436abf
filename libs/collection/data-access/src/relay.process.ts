import { Logger } from '@nestjs/common';
import { CollectionDatabase, openDatabase } from '@repo/database';
import { armCrashPoint } from '@repo/kernel';
import { OutboxRelay } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { SqlOutboxStore } from './sql-outbox.store.js';
import { collectionEntities, collectionMigrations } from './tables.js';

/** A claim ends sooner than the relay asks for, so that nobody has to wait 15 s for what a dead one left. */
class QuickClaims extends SqlOutboxStore {
  override claimBatch(limit: number, _claimMs: number, exceptQueues: readonly string[]): ReturnType<SqlOutboxStore['claimBatch']> {
    return super.claimBatch(limit, 3_000, exceptQueues);
  }
}

// A relay that its tests can kill: the databases of outbox and messages, and the crash point where it kills itself.
Logger.overrideLogger(false);
const [databaseUrl, messagesUrl, crashAt] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
const database = new CollectionDatabase(await openDatabase(databaseUrl!, { entities: collectionEntities, migrations: collectionMigrations }));
const relay = new OutboxRelay(new QuickClaims(database), await connectMessageBus({ url: messagesUrl! }));
if (crashAt) {
  armCrashPoint(crashAt);
}
process.send?.('ready');
process.once('message', () => relay.start());
