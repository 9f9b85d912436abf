import { setTimeout as sleep } from 'node:timers/promises';
import { S3FaultProxy } from '@repo/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { replayEverything } from './dead-letters.js';
import { eventually } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const PHOTOS = 400;
const OUTAGE_S = 40;
/** Four of each of the two workers. */
const IN_HAND = 8;

describe.skipIf(missingServers().length > 0 || serverChoice.messages !== 'rabbit' || serverChoice.objects !== 's3')(titled(`${PHOTOS} photos that wait while what their workers need is away for ${OUTAGE_S} s`), () => {
  const report = new ChaosReport('backlog', new ChaosSeed());
  let proxy: S3FaultProxy;
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 1, augmentations: 2, training: 1 }, async ({ s3 }) => {
      proxy = await S3FaultProxy.to(s3.port);
      return { OBJECTS_URL: proxy.through(s3.url) };
    });
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
    await proxy?.stop();
  });

  it.each([
    ['the store', async () => void (proxy.fate = () => ({ kind: 'answer', status: 503, code: 'ServiceUnavailable' })), async () => void (proxy.fate = () => undefined)],
    ['the database', () => platform.servers.postgres.stopAtOnce(), () => platform.servers.postgres.startAgain()],
  ])('are augmented after %s has come back', async (name, take, giveBack) => {
    await Promise.all(platform.fleet.workers.map((worker) => worker.stop()));
    const before = await platform.data.augmentedInAll();
    const uploads = await platform.addItems(PHOTOS, 8);
    await Promise.all(platform.fleet.workers.map((worker) => worker.start()));
    await eventually('some are augmented', async () => (await platform.data.augmentedInAll()) >= before + PHOTOS / 10);
    report.note(`${name} goes`);
    await take();
    await sleep(OUTAGE_S * 1_000);
    await giveBack();
    report.note(`${name} is back`);
    const photoIds = uploads.flatMap(({ kept }) => kept!.photoIds);
    await eventually('all are augmented or given up', async () => (await platform.data.augmented(photoIds)) + (await platform.data.givenUp()).length >= PHOTOS, 300_000, 250);
    const givenUp = (await platform.data.givenUp()).length;
    report.figure(`${name}: photos given up`, givenUp);
    await replayEverything(platform.collector);
    await platform.untilAugmented(uploads, 120_000);
    await platform.settle(120_000);
    // What was in hand when it went has used up its attempts after 15 s, if it comes to its turn; what waited has not.
    expect(givenUp).toBeLessThanOrEqual(IN_HAND);
  });
});
