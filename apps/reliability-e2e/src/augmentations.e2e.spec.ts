import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { deliveredMessages, finishedPhotos } from './service-metrics.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled, type ServersUnderTest } from './servers-under-test.js';
import type { CrashSetting } from './service-process.js';
import { smallPhoto } from './small-photo.js';

/** Every side effect of the work on a photo; of its nine variants the first, the fifth and the last. */
const crashesOfAWorker: CrashSetting[] = [
  'augment.received',
  'augment.claimed',
  'augment.downloaded',
  'augment.uploaded:1',
  'augment.uploaded:5',
  'augment.uploaded:9',
  'augment.before-commit',
  'augment.after-commit',
  'augment.announced',
  'augment.before-acknowledge',
];
/** These end the image process alone; the photo gets another attempt, 5 s later. */
const crashesOfAnImageProcess: CrashSetting[] = ['augment.rendered:1', 'augment.rendered:5', 'augment.rendered:9'];
const crashesOfARemoval: CrashSetting[] = ['remove.marked', 'remove.objects-gone', 'remove.rows-gone'];

/** Variants as large as their photo, so that a large photo keeps its worker busy; and a broker that notices within seconds that a process has stopped. */
const settings = ({ messagesUrl }: ServersUnderTest) => ({
  OC_VARIANT_LONG_SIDE: '0',
  ...(serverChoice.messages === 'rabbit' ? { MESSAGES_URL: `${messagesUrl}?heartbeat=2` } : {}),
});

describe.skipIf(missingServers().length > 0)(titled('augmentation workers'), () => {
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 1, augmentations: 2, training: 1 }, settings);
  });
  beforeEach(() => platform.fleet.service('augmentations', 1).stop());
  afterAll(() => platform?.stop());

  const jobOf = async (photoId: string) => {
    const [job] = await platform.data.learning<{ status: string; attempts: number; fence: number }>('SELECT status, attempts, fence FROM augmentation_jobs WHERE photo_id = $1', [photoId]);
    return job;
  };
  const signalsOf = (photoIds: readonly string[]) => platform.data.learning('SELECT 1 FROM training_new_photos WHERE photo_id = ANY ($1::uuid[])', [photoIds]);

  it.each(crashesOfAWorker)('killed at %s, finish the photo within 10 s of their return', async (point) => {
    const worker = platform.fleet.service('augmentations');
    const deaths = worker.deaths.length;
    await worker.armAt(point);
    const { kept } = await platform.addItem();
    await worker.crashed(deaths + 1);
    await worker.untilReady();
    const seconds = await eventually('training has heard of the photo', async () => (await signalsOf(kept!.photoIds)).length === 1);
    expect(seconds).toBeLessThanOrEqual(10);
    await platform.settle();
  });

  it.each(crashesOfAnImageProcess)('whose image process is killed at %s, finish the photo within 10 s', async (point) => {
    await platform.fleet.service('augmentations').armAt(point);
    const { kept } = await platform.addItem();
    const seconds = await eventually('training has heard of the photo', async () => (await signalsOf(kept!.photoIds)).length === 1);
    expect(seconds).toBeLessThanOrEqual(10);
    expect(await jobOf(kept!.photoIds[0]!)).toEqual({ status: 'success', attempts: 2, fence: 2 });
    await platform.settle();
  });

  it.each(crashesOfARemoval)('killed at %s, leave nothing of a deleted photo', async (point) => {
    const worker = platform.fleet.service('augmentations');
    const deaths = worker.deaths.length;
    const intent = await platform.addItem();
    await platform.untilAugmented([intent]);
    await worker.armAt(point);
    await platform.collector.deleteItem(platform.ledger, intent);
    await worker.crashed(deaths + 1);
    await worker.untilReady();
    await platform.settle();
  });

  it.each([
    ['', async () => {}],
    [', and the first time is forgotten', () => platform.data.learning('DELETE FROM inbox')],
  ])('do nothing when every message comes a second time%s', async (_, meanwhile) => {
    const jobs = () => platform.data.learning('SELECT photo_id, attempts, fence, finished_at FROM augmentation_jobs ORDER BY photo_id');
    const before = await jobs();
    const delivered = await deliveredMessages(platform.fleet.workers);
    await meanwhile();
    const again = await platform.data.collection('UPDATE "Outbox" SET "sentAt" = NULL, "claimedUntil" = NULL RETURNING id');
    await eventually('all came again', async () => (await deliveredMessages(platform.fleet.workers)) === delivered + again.length);
    expect(again.length).toBeGreaterThanOrEqual(crashesOfAWorker.length);
    expect(await jobs()).toEqual(before);
    await platform.settle();
  });

  it('refuse the late work of one that was stopped while another did it', async () => {
    const [stopped, other] = platform.fleet.workers;
    const [delivered, finished] = [await deliveredMessages([stopped!]), await finishedPhotos(stopped!)];
    const { kept } = await platform.collector.addItem(platform.ledger, 'a large photo', { photos: [await smallPhoto(0, { sidePx: 3_000 })] });
    const [photoId = ''] = kept!.photoIds;
    await eventually('the worker has begun', async () => (await jobOf(photoId))?.status === 'processing', 10_000, 5);
    stopped!.pause();
    await other!.start();
    await eventually('the other has done it', async () => (await jobOf(photoId))?.status === 'success', 100_000);
    const done = await jobOf(photoId);
    stopped!.resume();
    // Refused, or given up before: who was away that long may find its own time-outs over first.
    await eventually('the late one has come to an end', async () => (await deliveredMessages([stopped!])) === delivered + 1, 90_000);
    expect(await finishedPhotos(stopped!)).toBe(finished);
    expect(done).toEqual({ status: 'success', attempts: 2, fence: 2 });
    expect(await jobOf(photoId)).toEqual(done);
    await platform.settle();
  });

  it('asked to stop with photos in hand, finish or return them within 30 s, and no attempt counts as failed', async () => {
    const worker = platform.fleet.service('augmentations');
    const photo = await smallPhoto(0, { sidePx: 1_000 });
    const intents = await Promise.all(Array.from({ length: 10 }, (_, number) => platform.collector.addItem(platform.ledger, `in flight ${number}`, { photos: [photo] })));
    const photoIds = intents.flatMap(({ kept }) => kept!.photoIds);
    const inHand = async () => (await platform.data.learning(`SELECT 1 FROM augmentation_jobs WHERE status = 'processing' AND photo_id = ANY ($1::uuid[])`, [photoIds])).length;
    await eventually('several are in hand', async () => (await inHand()) >= 2, 10_000, 5);
    const end = await worker.stop();
    expect(end).toMatchObject({ code: 0 });
    expect(end!.seconds).toBeLessThanOrEqual(30);
    await worker.start();
    await platform.untilAugmented(intents, 60_000);
    expect((await Promise.all(photoIds.map(jobOf))).map((job) => job!.attempts)).toEqual(photoIds.map(() => 1));
    await platform.settle();
  });

  it('leave one dead letter, and one line in the error log, when the backend dies while it keeps it', async () => {
    const [worker, backend] = [platform.fleet.service('augmentations'), platform.fleet.service('backend')];
    await worker.stop();
    await backend.armAt('dead-letter.kept');
    const intent = await platform.addItem();
    const [photoId] = intent.kept!.photoIds;
    const [original] = await platform.data.collection<{ key: string }>('SELECT caminho AS key FROM "Fotos" WHERE id = $1', [photoId]);
    await platform.data.objects.remove('original', original!.key); // nobody can augment it any more
    await worker.start();
    await backend.crashed();
    await backend.untilReady();
    await eventually('the broker has let the letter go', async () => Object.keys(await platform.queueLengths()).length === 0);
    const letters = await platform.data.collection('SELECT 1 FROM "DeadLetters" WHERE "fotoId" = $1', [photoId]);
    const errors = await platform.data.collection(`SELECT 1 FROM "ErrorLog" WHERE context::jsonb->>'fotoId' = $1`, [photoId]);
    expect([letters.length, errors.length]).toEqual([1, 1]);
    await platform.collector.deleteItem(platform.ledger, intent);
    await platform.settle();
  });
});
