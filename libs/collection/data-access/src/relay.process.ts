import { Logger } from '@nestjs/common';
import { CollectionDatabase, openDatabase } from '@repo/database';
import { armCrashPoint } from '@repo/kernel';
import { OutboxRelay } from '@repo/messaging';
import { connectMessageBus } from '@repo/messaging/connect';
import { SqlOutboxStore } from './sql-outbox.store.js';
import { collectionEntities, collectionMigrations } from './tables.js';

/** Where a relay is killed a claim ends sooner than it asked for: nobody has to wait 15 s for what a dead one left. */
class QuickClaims extends SqlOutboxStore {
  override claimBatch(limit: number, _claimMs: number, exceptQueues: readonly string[]): ReturnType<SqlOutboxStore['claimBatch']> {
    return super.claimBatch(limit, 5_000, exceptQueues);
  }
}

// A relay for tests: the databases of outbox and messages, `quick` claims or `whole` ones, and the crash point where it kills itself.
Logger.overrideLogger(false);
const [databaseUrl, messagesUrl, claims, crashAt] = process.argv.slice(2);
process.once('disconnect', () => process.exit());
const database = new CollectionDatabase(await openDatabase(databaseUrl!, { entities: collectionEntities, migrations: collectionMigrations }));
const store = claims === 'quick' ? new QuickClaims(database) : new SqlOutboxStore(database);
const relay = new OutboxRelay(store, await connectMessageBus({ url: messagesUrl! }));
if (crashAt) {
  armCrashPoint(crashAt);
}
process.send?.('ready');
process.once('message', () => relay.start());
