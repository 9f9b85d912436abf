import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { replayEverything } from './dead-letters.js';
import { eventually } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { RequestStorm } from './request-storm.js';
import { missingServers, titled } from './servers-under-test.js';

const OUTAGE_S = 20;
const UPLOADS_PER_S = 5;
const LISTS_PER_S = 45;
const RECOVERY_GOAL_S = 10;

describe.skipIf(missingServers().length > 0)(titled(`a PostgreSQL that is down for ${OUTAGE_S} s under ${UPLOADS_PER_S + LISTS_PER_S} requests a second`), () => {
  const report = new ChaosReport('database-outage', new ChaosSeed());
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 2, training: 1 });
    await platform.drawPhotos(60 * UPLOADS_PER_S);
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
  });

  it('is told as 503 with the time to come again, loses nothing, and is over within seconds', async () => {
    const { postgres } = platform.servers;
    const lists = RequestStorm.start(LISTS_PER_S, () => platform.collector.get('/Items?limit=20'));
    const uploading = platform.addItemsEvenly(50 * UPLOADS_PER_S, UPLOADS_PER_S);
    await sleep(10_000);
    const goneAt = Date.now();
    await postgres.stopAtOnce();
    report.note('PostgreSQL: stop -m immediate');
    await sleep(OUTAGE_S * 1_000);
    await postgres.startAgain();
    const backAt = Date.now();
    report.note('PostgreSQL is back');
    const uploads = await uploading;
    report.note('every photo is uploaded');
    const answers = await lists.stop();

    const failed = answers.filter(({ status }) => status >= 500 || status === 0);
    const last = failed.at(-1);
    const recovery = last ? Math.max(0, last.at + last.ms - backAt) / 1_000 : 0;
    report.figure('lists', answers.length);
    report.figure('lists that failed', failed.length);
    report.figure('ms of a list that failed, longest', Math.max(0, ...failed.map(({ ms }) => ms)));
    report.figure('s until the last failure, from the return', recovery);
    report.figure('uploads', uploads.length);
    report.figure('uploads that had to be repeated', uploads.filter(({ attempts }) => attempts.length > 1).length);
    expect(failed.filter(({ status, retryAfter }) => status !== 503 || retryAfter === undefined).slice(0, 5)).toEqual([]);
    expect(failed.filter(({ at, ms }) => at + ms < goneAt).slice(0, 5)).toEqual([]);
    expect(recovery).toBeLessThanOrEqual(RECOVERY_GOAL_S);
    const photoIds = uploads.flatMap(({ kept }) => kept!.photoIds);
    await eventually('all are augmented or given up', async () => (await platform.data.augmented(photoIds)) + (await platform.data.givenUp()).length >= photoIds.length, 180_000, 250);
    report.figure('photos that were in hand and given up', (await platform.data.givenUp()).length);
    await replayEverything(platform.collector);
    await platform.settle(180_000);
  });
});
