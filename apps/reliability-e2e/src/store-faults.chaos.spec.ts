import { onShare, S3FaultProxy, type Fate } from '@repo/storage/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { letterGroups, replayEverything } from './dead-letters.js';
import { eventually } from './eventually.js';
import type { Intent } from './ledger.js';
import { S3Objects } from './objects-under-test.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

const PHASE_S = 20;
const UPLOADS_PER_S = 5;

describe.skipIf(missingServers().length > 0 || serverChoice.objects !== 's3')(titled('a store that fails'), () => {
  const seed = new ChaosSeed();
  const report = new ChaosReport('store-faults', seed);
  let proxy: S3FaultProxy;
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 2, training: 1 }, async ({ s3 }) => {
      proxy = await S3FaultProxy.to(s3.port);
      return { OBJECTS_URL: proxy.through(s3.url) };
    });
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
    await proxy?.stop();
  });

  const storms: [string, () => Fate][] = [
    ['hangs', () => () => ({ kind: 'hang' })],
    ['hangs at every fifth request', () => onShare(0.2, seed.value, { kind: 'hang' })],
    ['answers 503 SlowDown to 30 %', () => onShare(0.3, seed.value, { kind: 'answer', status: 503, code: 'SlowDown' })],
    ['answers 503 to everything', () => () => ({ kind: 'answer', status: 503, code: 'ServiceUnavailable' })],
    ['refuses everything with 403', () => () => ({ kind: 'answer', status: 403, code: 'AccessDenied' })],
    ['breaks 20 % of the connections', () => onShare(0.2, seed.value, { kind: 'reset' })],
    ['cuts 20 % of the bodies it is sent', () => onShare(0.2, seed.value, { kind: 'cut-request', afterBytes: 1_000 })],
    ['cuts 20 % of the bodies it sends', () => onShare(0.2, seed.value, { kind: 'cut-answer', afterBytes: 1_000 })],
    ['alters 20 % of the bodies it is sent', () => onShare(0.2, seed.value, { kind: 'alter-request' })],
    ['alters 20 % of the bodies it sends', () => onShare(0.2, seed.value, { kind: 'alter-answer' })],
    ['lies about every ETag', () => () => ({ kind: 'lie', headers: { etag: '"00000000000000000000000000000000"' } })],
  ];

  it.each(storms)('and %s, loses nothing, and keeps what was sent, bit by bit', async (name, makeFate) => {
    report.note(`the store ${name}`);
    proxy.fate = makeFate();
    const uploading = platform.addItemsEvenly(PHASE_S * UPLOADS_PER_S, UPLOADS_PER_S);
    const calm = setTimeout(() => (proxy.fate = () => undefined), PHASE_S * 1_000);
    const uploads = await uploading;
    clearTimeout(calm);
    proxy.fate = () => undefined;
    const statuses = uploads.flatMap(({ attempts }) => attempts.map(({ status }) => status));
    report.figure(`${name}: answers by status`, countBy(statuses));
    report.figure(`${name}: ms of the longest answer`, Math.max(...uploads.flatMap(({ attempts }) => attempts.map(({ ms }) => ms))));
    expect(statuses.filter((status) => ![201, 409, 503].includes(status))).toEqual([]);

    await untilWorkedOrGivenUp(uploads);
    const groups = await letterGroups(platform.collector);
    report.figure(`${name}: dead letters`, groups.map(({ count, reason }) => `${count} x ${reason.slice(0, 80)}`).join('; ') || 'none');
    await replayEverything(platform.collector);
    await platform.untilAugmented(uploads, 120_000);
    await platform.settle(120_000);
    expect(await damagedObjects(uploads)).toEqual([]);
  });

  async function untilWorkedOrGivenUp(uploads: readonly Intent[]): Promise<void> {
    const photoIds = uploads.flatMap(({ kept }) => kept?.photoIds ?? []);
    await eventually('all are augmented or given up', async () => (await platform.data.augmented(photoIds)) + (await platform.data.givenUp()).length >= photoIds.length, 180_000, 250);
  }

  /** Keys of originals and variants whose bytes are not those that their rows speak of. */
  async function damagedObjects(uploads: readonly Intent[]): Promise<string[]> {
    const objects = new S3Objects(platform.servers.s3.url);
    const photoIds = uploads.flatMap(({ kept }) => kept!.photoIds);
    const originals = await platform.data.collection<{ key: string; sha256: string }>('SELECT caminho AS key, sha256 FROM "Fotos" WHERE id = ANY ($1::uuid[])', [photoIds]);
    const variants = await platform.data.learning<{ key: string; sha256: string }>(`SELECT object_key AS key, sha256 FROM augmentation_results WHERE photo_id = ANY ($1::uuid[])`, [photoIds]);
    const stored = [...originals.map((row) => ({ ...row, bucket: 'original' as const })), ...variants.map((row) => ({ ...row, bucket: 'processed' as const }))];
    const damaged: string[] = [];
    const checkSome = async (): Promise<void> => {
      for (let one = stored.pop(); one; one = stored.pop()) {
        if ((await objects.sha256(one.bucket, one.key)) !== one.sha256) {
          damaged.push(one.key);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, checkSome));
    return damaged;
  }
});

function countBy(values: readonly number[]): string {
  const counts = new Map<number, number>();
  values.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
  return [...counts].map(([value, count]) => `${value}: ${count}`).join(', ');
}
