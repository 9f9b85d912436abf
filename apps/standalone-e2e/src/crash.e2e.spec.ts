import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
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
const nextPhoto = async () => new Uint8Array(await drawSample('stamps', (seed += 1), 0, 256));

/** Item ids that were answered with 201: what must never be lost. */
const ledger: string[] = [];

/** A training by hand waits for every photo before it: once it works, or refuses, they all have their variants. */
async function allAugmented(): Promise<void> {
  const { body } = await door.json<{ id: string }>('POST', '/Training', {});
  await eventually(
    'every accepted photo has its variants',
    async () => {
      const { status, progress } = (await door.get<Training>(`/Training/${body.id}`)).body;
      return status !== 'queued' && !(status === 'running' && progress?.phase === 'waiting');
    },
    90_000,
    250,
  );
  await door.delete(`/Training/${body.id}`);
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
  await allAugmented();
});

it('goes on when the augmentation service is killed with work in its hands', async () => {
  const before = platform.service('augmentations');
  for (let i = 0; i < 6; i += 1) {
    await door.createItem(`after ${i}`, 'Selos', await nextPhoto());
  }
  await sleep(300); // some are being rendered now
  process.kill(before ?? Number.NaN, 'SIGKILL');
  await eventually('it was started again', () => ![undefined, before].includes(platform.service('augmentations')), 20_000);
  await allAugmented();
  expect((await door.get('/health/ready')).status).toBe(200);
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
