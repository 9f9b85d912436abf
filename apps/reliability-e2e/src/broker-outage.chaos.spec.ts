import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { secondsSince } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { RateSampler } from './rate-sampler.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const OUTAGE_S = 120;
const UPLOADS_PER_S = 10;
const PHOTOS = OUTAGE_S * UPLOADS_PER_S;
/** From the broker's return, on top of what the photos themselves cost. */
const CATCH_UP_GOAL_S = 60;

describe.skipIf(missingServers().length > 0 || serverChoice.messages !== 'rabbit')(titled(`a broker that is down for ${OUTAGE_S} s under ${UPLOADS_PER_S} uploads a second`), () => {
  const report = new ChaosReport('broker-outage', new ChaosSeed());
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 2, training: 1 });
    await platform.drawPhotos(PHOTOS + 200);
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
  });

  it('refuses no upload, and all are augmented soon after its return', async () => {
    const warmUp = await platform.addItems(200, 8);
    const idleFrom = performance.now();
    await platform.untilAugmented(warmUp);
    report.note(`200 photos beforehand; the last was augmented ${secondsSince(idleFrom).toFixed(1)} s after its upload`);

    await platform.servers.rabbit.kill();
    report.note('broker: kill -9');
    const uploads = await platform.addItemsEvenly(PHOTOS, UPLOADS_PER_S);
    report.note('every photo is uploaded');
    const refused = uploads.filter(({ attempts }) => attempts[0]!.status !== 201);
    const durations = uploads.map(({ attempts }) => attempts[0]!.ms).sort((a, b) => a - b);
    report.figure('uploads', uploads.length);
    report.figure('uploads whose first answer was not 201', refused.length);
    report.figure('ms of an upload, 95th percentile', durations[Math.floor(durations.length * 0.95)]!);

    const augmented = RateSampler.start(() => platform.data.augmentedInAll());
    await platform.servers.rabbit.startAgain();
    const backAt = performance.now();
    report.note('broker is back');
    await platform.untilAugmented(uploads, 600_000);
    const seconds = secondsSince(backAt);
    const rate = augmented.fastest(10_000);
    report.figure('s until all were augmented', seconds);
    report.figure('photos a second at best', rate);
    report.figure('s of that which the photos themselves cost at this rate', uploads.length / rate);
    report.rateOverTime('augmented photos', augmented);
    await augmented.stop();
    await platform.settle(120_000);
    expect(refused.slice(0, 5)).toEqual([]);
    expect(seconds).toBeLessThanOrEqual(CATCH_UP_GOAL_S + uploads.length / rate);
  });
});
