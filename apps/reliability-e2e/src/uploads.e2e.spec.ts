import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashPoint } from '@repo/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import type { Intent } from './ledger.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';

/** Every place where a backend can die between the first byte of a photo and the end of its message's journey. */
const crashPoints: CrashPoint[] = [
  'upload.before-put',
  'upload.after-put',
  'upload.after-commit',
  'relay.claimed',
  ...(serverChoice.messages === 'rabbit' ? (['rabbit.sent'] as const) : []),
  'relay.published',
  'relay.marked',
];

describe.skipIf(missingServers().length > 0)(titled('uploads and the messages they leave in the outbox'), () => {
  let platform: PlatformUnderTest;
  /** Each is sent again by its client until it is answered. */
  const uploads = new Map<CrashPoint, Promise<Intent>>();

  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, training: 1 });
    const [backend, other] = platform.fleet.backends;
    await other!.stop(); // its relay would take the rows that the dying one is to meet
    for (const [deaths, point] of crashPoints.entries()) {
      await backend!.armAt(point);
      uploads.set(point, platform.addItem());
      await backend!.crashed(deaths + 1);
    }
    await backend!.untilReady();
    await other!.start();
    await endClaimsOfTheDead();
  });
  afterAll(() => platform?.stop());

  /** A request whose backend died is given up after a minute: that is put to its end rather than waited for. */
  const endClaimsOfTheDead = () =>
    platform.data.collection(`UPDATE "IdempotencyKeys" SET "createdAt" = "createdAt" - interval '1 minute' WHERE status IS NULL AND "createdAt" < now() - interval '2 seconds'`);

  it('lose nothing when one of two relays is killed between publishing and marking', async () => {
    const [survivor, victim] = platform.fleet.backends;
    await victim!.armAt('relay.published:5');
    const uploading = platform.addItems(60, 12);
    await victim!.crashed();
    await victim!.untilReady();
    await sleep(2_000);
    await endClaimsOfTheDead();
    const intents = await uploading;
    const deleted = intents.slice(0, 10);
    await Promise.all(deleted.map((intent) => platform.collector.deleteItem(platform.ledger, intent)));
    await platform.untilAugmented(intents.slice(10), 60_000);
    expect([survivor!.deaths.length, victim!.deaths.length]).toEqual([crashPoints.length, 1]);
  });

  it.each(crashPoints)('are kept once and augmented once when the backend dies at %s', async (point) => {
    const { kept } = await uploads.get(point)!;
    expect(kept?.photoIds).toHaveLength(1);
    await platform.untilAugmented([await uploads.get(point)!]);
    const asked = await platform.data.collection(`SELECT id FROM "Outbox" WHERE "messageName" = 'photo.augment.v1' AND body::jsonb->>'fotoId' = $1`, [kept!.photoIds[0]]);
    const [job] = await platform.data.learning<{ attempts: number }>('SELECT attempts FROM augmentation_jobs WHERE photo_id = $1', [kept!.photoIds[0]]);
    expect([asked.length, job?.attempts]).toEqual([1, 1]);
  });

  it('leave nothing over', async () => {
    await Promise.all(uploads.values());
    await eventually('no request is half done', async () => (await platform.data.collection('SELECT 1 FROM "IdempotencyKeys" WHERE status IS NULL')).length === 0);
    await platform.settle();
  });
});
