import { randomUUID } from 'node:crypto';
import { drawSample } from '@repo/samples';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, PlatformUnderTest } from './platform-under-test.js';
import type { Training } from './public-door.js';

const platform = await PlatformUnderTest.create();
const { door } = platform;
beforeAll(async () => {
  await platform.start();
  await door.signIn();
});
afterAll(() => platform.destroy());

let seed = 0;
const nextPhoto = async (size = 256) => new Uint8Array(await drawSample('stamps', (seed += 1), 0, size));

/** Item ids that were answered with 201: what must never be lost. */
const ledger: string[] = [];

/** A training by hand waits for every photo before it: once it works, or refuses, they all have their variants. */
class WaitingTraining {
  private constructor(private readonly path: string) {}

  static async start(): Promise<WaitingTraining> {
    const { body } = await door.json<{ id: string }>('POST', '/Training', {});
    return new WaitingTraining(`/Training/${body.id}`);
  }

  async photosWithoutVariants(): Promise<number> {
    return (await door.get<Training>(this.path)).body.progress?.photosAugmenting ?? 0;
  }

  /** Until every accepted photo has its variants; then the training is taken back. */
  async untilAllAugmented(): Promise<void> {
    const waits = ({ status, progress }: Training) => status === 'queued' || (status === 'running' && progress?.phase === 'waiting');
    await eventually('every accepted photo has its variants', async () => !waits((await door.get<Training>(this.path)).body), 90_000, 250);
    await door.delete(this.path);
  }
}

it.each([
  ['the supervisor is', () => platform.killSupervisor()],
  ['every process is', () => platform.killEverything()],
])('loses nothing it accepted when %s killed during uploads', async (_, kill) => {
  const acceptedBefore = ledger.length;
  const refused: string[] = [];
  let isKilled = false;
  const uploads = Array.from({ length: 3 }, async () => {
    while (!isKilled && refused.length === 0) {
      const key = randomUUID();
      await door.createItem(`item ${key}`, 'Selos', await nextPhoto(), { 'Idempotency-Key': key }).then(
        ({ itemId }) => ledger.push(itemId),
        (error: Error) => isKilled || refused.push(error.message),
      );
    }
  });
  await eventually('a dozen were accepted', () => ledger.length >= acceptedBefore + 12 || refused.length > 0, 60_000, 20);
  expect(refused).toEqual([]);
  const killed = kill();
  isKilled = true;
  await Promise.all([killed, ...uploads]);

  await platform.start();
  await door.signIn();
  const items = await door.allItems();
  const found = new Set(items.map(({ id }) => id));
  expect(ledger.filter((id) => !found.has(id))).toEqual([]);
  for (const { fotos } of items) {
    const photo = await fetch(fotos[0] ?? '');
    expect([photo.status, (await photo.arrayBuffer()).byteLength > 1000]).toEqual([200, true]);
  }
  await (await WaitingTraining.start()).untilAllAugmented();
});

it('goes on when the augmentation service is killed with work in its hands', async () => {
  const before = platform.service('augmentations');
  const photos = await Promise.all(Array.from({ length: 24 }, () => nextPhoto(1024)));
  await Promise.all(photos.map((photo, i) => door.createItem(`after ${i}`, 'Selos', photo)));
  const training = await WaitingTraining.start();
  await eventually('photos wait for their variants', async () => (await training.photosWithoutVariants()) > 3, 10_000, 20);
  process.kill(before ?? Number.NaN, 'SIGKILL');
  await eventually('it was started again', () => ![undefined, before].includes(platform.service('augmentations')), 20_000);
  await training.untilAllAugmented();
  await eventually('all services are ready', async () => (await door.get('/health/ready')).status === 200, 20_000);
});

it.each(['backend', 'classifier', 'training'])('comes back by itself when %s is killed', async (name) => {
  const before = platform.service(name);
  process.kill(before ?? Number.NaN, 'SIGKILL');
  await eventually('it was started again', () => ![undefined, before].includes(platform.service(name)), 20_000);
  const photo = await nextPhoto();
  await eventually(
    'it is ready and classifies again',
    async () => {
      try {
        return (await door.get('/health/ready')).status === 200 && (await door.classify(photo)).itemsSemelhantes.length > 0;
      } catch {
        return false; // nobody listens for a moment
      }
    },
    30_000,
    250,
  );
});
