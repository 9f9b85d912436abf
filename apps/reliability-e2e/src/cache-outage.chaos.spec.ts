import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { percentile, RequestStorm } from './request-storm.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const PHASE_S = 30;
const LISTS_PER_S = 20;
const UPLOADS_PER_S = 4;

describe.skipIf(missingServers().length > 0 || serverChoice.cache !== 'redis')(titled('a Redis that is gone, and one that hangs'), () => {
  const report = new ChaosReport('cache-outage', new ChaosSeed());
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 1, training: 1 });
    await platform.drawPhotos(5 * PHASE_S * UPLOADS_PER_S);
    await platform.addItems(60, 4);
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
  });

  /** Lists and uploads for half a minute; answers the 95th percentile of a list, in milliseconds. */
  async function phase(name: string): Promise<number> {
    report.note(name);
    const lists = RequestStorm.start(LISTS_PER_S, () => platform.collector.get('/Items?limit=20'));
    const uploads = await platform.addItemsEvenly(PHASE_S * UPLOADS_PER_S, UPLOADS_PER_S);
    const answers = await lists.stop();
    const p95 = percentile(answers.map(({ ms }) => ms), 0.95);
    report.figure(`${name}: ms of a list, 95th percentile`, p95);
    report.figure(`${name}: ms of an upload, 95th percentile`, percentile(uploads.map(({ attempts }) => attempts[0]!.ms), 0.95));
    expect(answers.filter(({ status }) => status !== 200).slice(0, 5), name).toEqual([]);
    expect(uploads.filter(({ attempts }) => attempts.length > 1).slice(0, 5), name).toEqual([]);
    return p95;
  }

  it('costs some milliseconds and no answer', async () => {
    const { redis } = platform.servers;
    const before = await phase('Redis works');
    await redis.kill();
    const gone = await phase('Redis is gone');
    await redis.startAgain();
    await phase('Redis is back');
    redis.pause();
    const hanging = await phase('Redis hangs');
    redis.resume();
    await phase('Redis answers again');
    await platform.settle(120_000);
    expect(gone).toBeLessThanOrEqual(200);
    expect(hanging - before).toBeLessThanOrEqual(250);
  });
});
