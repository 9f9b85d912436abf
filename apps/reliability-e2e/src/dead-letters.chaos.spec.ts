import { S3FaultProxy } from '@repo/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { letterGroups, replayGroup } from './dead-letters.js';
import { eventually, secondsSince } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const LETTERS = 1_000;
const GOAL_S = 60;

describe.skipIf(missingServers().length > 0 || serverChoice.objects !== 's3')(titled(`${LETTERS} dead letters`), () => {
  const report = new ChaosReport('dead-letters', new ChaosSeed());
  let proxy: S3FaultProxy;
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 1, augmentations: 2, training: 1 }, async ({ s3 }) => {
      proxy = await S3FaultProxy.to(s3.port);
      return { OBJECTS_URL: proxy.through(s3.url) };
    });
    await platform.drawPhotos(LETTERS);
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
    await proxy?.stop();
  });

  it('of a store that refused us are replayed by one call, once, and all come to their variants', async () => {
    proxy.fate = ({ method, path }) => (method === 'GET' && path.startsWith('/original/') ? { kind: 'answer', status: 403, code: 'AccessDenied' } : undefined);
    report.note('the store refuses to give out originals');
    const uploads = await platform.addItems(LETTERS, 8);
    await eventually('all are given up', async () => (await platform.data.givenUp()).length === LETTERS, 180_000, 250);
    report.note('every message lies among the dead letters');
    proxy.fate = () => undefined;

    const groups = await letterGroups(platform.collector);
    expect(groups.map(({ count }) => count)).toEqual([LETTERS]);
    const startedAt = performance.now();
    expect(await replayGroup(platform.collector, groups[0]!)).toBe(LETTERS);
    report.figure('s of the call', secondsSince(startedAt));
    await eventually('the broker has them all', async () => (await platform.data.unsent()) === 0, 120_000);
    const seconds = secondsSince(startedAt);
    report.figure('s until every message was sent again', seconds);
    expect(await replayGroup(platform.collector, groups[0]!)).toBe(0);
    await platform.untilAugmented(uploads, 600_000);
    report.figure('s until every photo was augmented', secondsSince(startedAt));
    const audits = await platform.data.collection<{ letters: number }>(`SELECT letters FROM "QueueAudit" WHERE what = 'replay group' AND letters > 0`);
    expect(audits).toEqual([{ letters: LETTERS }]);
    expect(seconds).toBeLessThanOrEqual(GOAL_S);
    await platform.settle(120_000);
  });
});
