import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drawSample, sampleCategory, type SampleKind } from '@repo/samples';
import { beforeAll, expect, it } from 'vitest';
import { eventually, type PlatformUnderTest } from './platform-under-test.js';
import type { BackboneInUse, Classification, Created, Item, PublicDoor, Training } from './public-door.js';

/** Small on purpose: this road is walked in every test run. */
const kinds = ['coins', 'cars', 'butterflies'] as const satisfies readonly SampleKind[];
const ITEMS_OF_EACH = 10;
const SIZE_PX = 320;

const draw = async (kind: SampleKind, item: number, view: number) => new Uint8Array(await drawSample(kind, item, view, SIZE_PX, 'studio'));

const shippedFolder = new URL('../../../libs/recognition/data-access/assets/', import.meta.url);

/** The id of the weights that come with the platform holds the beginning of their checksum. */
function shippedChecksum(): string {
  const [name = 'no weights'] = readdirSync(fileURLToPath(shippedFolder)).filter((file) => file.endsWith('.safetensors')).sort();
  return createHash('sha256').update(readFileSync(new URL(name, shippedFolder))).digest('hex').slice(0, 12);
}

/**
 * The stations of the main road as tests that build on each other: upload, similar items, training, recognition,
 * deletion, restart. The same on whatever the platform stands.
 */
export function walkTheRoad(startedPlatform: () => PlatformUnderTest): void {
  let platform: PlatformUnderTest;
  let door: PublicDoor;
  beforeAll(async () => {
    platform = startedPlatform();
    ({ door } = platform);
    await door.signIn();
  });

  const uploaded = new Map<string, Created>();
  const known = (kind: SampleKind, item: number) => uploaded.get(`${kind}-${item}`) as Created;

  it('is ready, and says of what it is made', async () => {
    const { status, body } = await door.get('/health/ready');
    expect([status, body]).toEqual([200, expect.any(Object)]);
  });

  it('recognises with the compact backbone that comes with it, and says so with how to get the full one', async () => {
    const backbone = { id: expect.stringContaining(shippedChecksum()) as string, quality: 'compact', origin: 'shipped', inputSize: expect.any(Number) as number };
    const advice = { code: 'GET_FULL_BACKBONE', message: expect.stringContaining('npm run backbone -- pull, or set OC_BACKBONE to a file') as string };
    const { body } = await door.get<{ parts: object[] }>('/health/ready');
    expect(body.parts).toContainEqual({ name: 'classifier', state: 'ok', durationMs: expect.any(Number) as number, detail: { backbone, advice } });
    expect(JSON.stringify(body)).not.toContain(platform.dataDir);
    expect((await door.get<BackboneInUse>('/Models/backbone')).body).toEqual({ modelVersion: null, next: backbone, advice });
    expect(platform.output).toMatch(new RegExp(`^  backbone +compact \\(\\S*${shippedChecksum()}\\S*\\)\\. .*npm run backbone -- pull, or set OC_BACKBONE to a file`, 'm'));
  });

  it('listens on this machine alone', () => {
    const addresses = platform.listeners();
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('finds the first similar item within 5 s of its upload, before any training', async () => {
    uploaded.set('coins-0', await door.createItem('coins 0', sampleCategory('coins'), await draw('coins', 0, 0)));
    const photo = await draw('coins', 0, 100);
    const seconds = await eventually(
      'the item is found by another photo of it',
      async () => {
        const { classe, itemsSemelhantes } = await door.classify(photo);
        expect(classe).toBe('desconhecido');
        return itemsSemelhantes.some(({ id }) => id === known('coins', 0).itemId);
      },
      5_000,
    );
    console.log(`first similar item after ${seconds.toFixed(1)} s`);
  });

  it('takes the rest of the collection, keeping every photo', async () => {
    for (const kind of kinds) {
      for (let item = 0; item < ITEMS_OF_EACH; item += 1) {
        if (!uploaded.has(`${kind}-${item}`)) {
          uploaded.set(`${kind}-${item}`, await door.createItem(`${kind} ${item}`, sampleCategory(kind), await draw(kind, item, 0)));
        }
      }
    }
    const items = await door.allItems();
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set([...uploaded.values()].map(({ itemId }) => itemId)));
    const photo = await fetch(items[0]?.fotos[0] ?? '');
    expect([photo.status, photo.headers.get('Content-Type')]).toEqual([200, 'image/jpeg']);
  });

  it('makes one item of an upload that is sent twice', async () => {
    const photo = await draw('coins', 900, 0);
    const once = await door.createItem('sent twice', sampleCategory('coins'), photo, { 'Idempotency-Key': 'the same' });
    const again = await door.createItem('sent twice', sampleCategory('coins'), photo, { 'Idempotency-Key': 'the same' });
    expect(again).toEqual(once);
    expect((await door.get<Item[]>('/Items?q=sent+twice')).body).toHaveLength(1);
    await door.delete(`/Items/${once.itemId}`);
  });

  it('waits for the variants, trains, and puts the new version in charge', async () => {
    const { status, body } = await door.json<{ id: string }>('POST', '/Training', { motivo: 'e2e' });
    expect(status).toBe(202);
    let training: Training | undefined;
    const phases = new Set<string>();
    const seconds = await eventually(
      'the training has ended',
      async () => {
        training = (await door.get<Training>(`/Training/${body.id}`)).body;
        phases.add(training.progress?.phase ?? training.status);
        return training.status !== 'queued' && training.status !== 'running';
      },
      150_000,
    );
    console.log(`variants and training of ${uploaded.size} photos took ${seconds.toFixed(1)} s: ${[...phases].join(', ')}`);
    expect(training).toMatchObject({ status: 'done', modelVersion: expect.stringMatching(/^v\d+/) as string });
    expect(training?.progress?.epochs.length).toBeGreaterThan(0);

    const models = await door.get<{ version: string; state: string }[]>('/Models');
    expect(models.body.filter(({ state }) => state === 'active').map(({ version }) => version)).toEqual([training?.modelVersion]);
    const photo = await draw('coins', 1, 100);
    await eventually('the classifier serves the new version', async () => (await door.classify(photo)).modelVersion === training?.modelVersion);
  });

  it('knows what the new version was trained on', async () => {
    const { body } = await door.get<BackboneInUse>('/Models/backbone');
    expect(body).toMatchObject({ modelVersion: expect.stringMatching(/^v\d+/) as string, trainedOn: { id: body.next?.id, quality: 'compact' }, differs: false });
  });

  it('recognises photos it has not seen', async () => {
    const guesses: boolean[] = [];
    for (const kind of kinds) {
      for (const item of [0, 1, 2, 500, 501, 502]) {
        const { classe, conhecido, alternativas } = await door.classify(await draw(kind, item, 101));
        guesses.push((conhecido ? classe : alternativas[0]?.classe) === sampleCategory(kind));
      }
    }
    const share = guesses.filter(Boolean).length / guesses.length;
    console.log(`right class for ${(share * 100).toFixed(0)} % of ${guesses.length} new photos`);
    // Twice what chance gives: for so many at least, chance alone has one case in a thousand.
    expect(share).toBeGreaterThanOrEqual(2 / 3);
  });

  it('shows similar items with their photos, nearest first', async () => {
    const { itemsSemelhantes } = await door.classify(await draw('cars', 1, 102));
    const distances = itemsSemelhantes.map(({ distancia }) => distancia);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    expect(itemsSemelhantes).toHaveLength(5);
    expect((await fetch(itemsSemelhantes[0]?.foto ?? '')).status).toBe(200);
  });

  it('forgets a deleted item within 5 s', async () => {
    const { itemId } = known('cars', 2);
    const link = (await door.get<Item>(`/Items/${itemId}`)).body.fotos[0] ?? '';
    expect((await door.delete(`/Items/${itemId}`)).status).toBe(204);
    uploaded.delete('cars-2');
    expect((await door.get(`/Items/${itemId}`)).status).toBe(404);
    const photo = await draw('cars', 2, 0); // the very photo that was uploaded
    const seconds = await eventually('it is no longer found', async () => !(await door.classify(photo)).itemsSemelhantes.some(({ id }) => id === itemId), 5_000);
    console.log(`a deleted item was gone from the similar ones after ${seconds.toFixed(1)} s`);
    await eventually('its photo is gone', async () => (await fetch(link)).status === 404);
  });

  it('keeps everything over a restart, and leaves no process behind', async () => {
    const before = await door.allItems();
    const photo = await draw('butterflies', 1, 103);
    const answerBefore = await door.classify(photo);
    expect(await platform.stop('SIGINT')).toBe(0);
    await eventually('every process has ended', () => platform.processes().length === 0, 10_000);

    const seconds = await platform.start();
    console.log(`the second start took ${seconds.toFixed(1)} s`);
    // The token of before still holds: the secrets were kept.
    const after = await door.allItems();
    const withoutLinks = (items: Item[]) => items.map(({ id, nome, categoria }) => ({ id, nome, categoria }));
    expect(withoutLinks(after)).toEqual(withoutLinks(before));
    expect(withoutPhotoLinks(await door.classify(photo))).toEqual(withoutPhotoLinks(answerBefore));
    expect(answerBefore.modelVersion).toMatch(/^v\d+/);
  });
}

/** Links are signed anew for every answer. */
function withoutPhotoLinks(answer: Classification) {
  return { ...answer, itemsSemelhantes: answer.itemsSemelhantes.map(({ id, nome, distancia }) => ({ id, nome, distancia })) };
}
