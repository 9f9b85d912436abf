import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { eventually, secondsSince } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { RateSampler } from './rate-sampler.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const PHOTOS = 2_000;
const KILLS = 20;
/** Uploads that somebody waits for at once. */
const CLIENTS = 8;
/** No worker is killed so long before a broker goes, nor until the rate is back: it is the broker's return that is timed. */
const CALM_MS = 10_000;
/** The end of that: the workers that were killed last have come back. */
const MEASURED_MS = 6_000;
const RECOVERY_GOAL_S = 15;

describe.skipIf(missingServers().length > 0 || serverChoice.messages !== 'rabbit')(titled(`a burst of ${PHOTOS} photos with ${KILLS} killed workers and two restarts of the broker`), () => {
  const seed = new ChaosSeed();
  const report = new ChaosReport('burst', seed);
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 3, training: 1 });
    await platform.drawPhotos(PHOTOS);
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
  });

  it('loses nothing, doubles nothing, gives up no good photo, and is soon as fast as before', async () => {
    const { fleet, servers } = platform;
    const startedAt = performance.now();
    const augmented = RateSampler.start(() => platform.data.augmentedInAll());
    let isCalm = false;
    let kills = 0;

    // Spread over the work, so that there is always some in hand.
    const killing = async (): Promise<void> => {
      while (kills < KILLS) {
        const share = (kills + seed.between(0, 1)) / KILLS;
        const victim = seed.oneOf(fleet.workers);
        await eventually(`${Math.round(share * 100)} % are augmented`, async () => !isCalm && victim.isRunning && (await platform.data.augmentedInAll()) >= 0.95 * share * PHOTOS, 900_000, 50);
        await victim.kill();
        report.note(`kill -9 of augmentations ${victim.number} (${++kills} of ${KILLS})`);
      }
    };

    /** Answers the seconds from the broker's return until the rate was back. */
    const restartBroker = async (share: number, how: string, end: () => Promise<void>): Promise<number | undefined> => {
      await eventually(`${share * 100} % are augmented`, async () => (await platform.data.augmentedInAll()) >= share * PHOTOS, 600_000, 100);
      isCalm = true;
      await sleep(CALM_MS);
      const goneAt = Date.now();
      const before = augmented.rate(goneAt - MEASURED_MS, goneAt);
      await end();
      report.note(`broker: ${how}`);
      await servers.rabbit.startAgain();
      const backAt = Date.now();
      report.note(`broker is back after ${((backAt - goneAt) / 1_000).toFixed(1)} s`);
      const isBack = () => augmented.recoveredAfter(backAt, 0.9 * before) !== undefined;
      await eventually('the rate is back', isBack, 60_000, 250).catch(() => report.note('the rate is not back after a minute'));
      const seconds = augmented.recoveredAfter(backAt, 0.9 * before);
      report.figure(`${how}: photos a second before`, before);
      report.figure(`${how}: s until 90 % of that again`, seconds ?? 'never');
      isCalm = false;
      return seconds;
    };

    const restarting = (async () => [
      await restartBroker(0.2, 'clean restart', () => servers.rabbit.shutDown()),
      await restartBroker(0.55, 'kill -9', () => servers.rabbit.kill()),
    ])();
    const uploading = platform.addItems(PHOTOS, CLIENTS);
    void uploading.then(() => report.note('every photo is uploaded'));
    const [uploads, recoveries] = await Promise.all([uploading, restarting, killing()]);
    await platform.untilAugmented(uploads, 900_000);
    report.figure('photos', uploads.length);
    report.figure('s until all were augmented', secondsSince(startedAt));
    report.figure('attempts of uploads that had to be repeated', uploads.reduce((sum, { attempts }) => sum + attempts.length - 1, 0));
    report.rateOverTime('augmented photos', augmented);
    await augmented.stop();

    await platform.settle(120_000);
    report.note('ledger and platform agree, every invariant holds');
    expect(kills).toBe(KILLS);
    expect(await platform.data.givenUp()).toEqual([]);
    expect(recoveries.map((seconds) => (seconds ?? Infinity) <= RECOVERY_GOAL_S)).toEqual([true, true]);
  });
});
