import { CollectionDatabase } from '@repo/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openScratchCollection, TickingClock } from './new-item.fixture.js';
import { SqlErrorLogRepository } from './sql-error-log.repository.js';

let database: CollectionDatabase;
beforeAll(async () => {
  database = await openScratchCollection();
});
afterAll(() => database.close());

it('keeps what went wrong, newest first, cut to what fits', async () => {
  const log = new SqlErrorLogRepository(database, new TickingClock());
  await log.record({ message: 'first', reason: 'PHOTO_UNREADABLE', context: { itemId: 'x', attempt: 3 } });
  await log.record({ message: `a\0${'ção'.repeat(1_000)}`, reason: 'r'.repeat(500), context: { text: '\0' } });
  await log.record({ message: 'last', reason: 'x', context: {} });
  const [last, long, none] = await log.recent(2);
  expect(last).toMatchObject({ message: 'last', context: {} });
  expect(long).toMatchObject({ message: `a${'ção'.repeat(1_000)}`.slice(0, 2_000), reason: 'r'.repeat(400), context: { text: '\0' } });
  expect(none).toBeUndefined();
});
