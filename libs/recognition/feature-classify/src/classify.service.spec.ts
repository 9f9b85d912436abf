import { newId, TemporaryError, type UserId } from '@repo/kernel';
import { PhotoUndecodableError, UploadNotFoundError, type ModelVersion } from '@repo/recognition-domain';
import { beforeEach, expect, it } from 'vitest';
import { ClassifyService } from './classify.service.js';
import { PhotoIndex } from './photo-index.js';
import { Serving } from './serving.js';
import { CatalogueInMemory, EmbeddingsInMemory, IndexInMemory } from './testing/collection-in-memory.js';
import { StoreInMemory } from './testing/store-in-memory.js';
import { ToyEngine } from './testing/toy-engine.js';

const [ana, rui] = [newId<UserId>(), newId<UserId>()];
const engine = new ToyEngine();
let catalogue: CatalogueInMemory;
let store: StoreInMemory;
let serving: Serving;
let service: ClassifyService;

beforeEach(async () => {
  catalogue = new CatalogueInMemory();
  store = new StoreInMemory();
  serving = new Serving();
  service = new ClassifyService(store, serving, catalogue);
  await store.put('temp', 'uploads/1.jpg', Buffer.from('ab'));
});

async function serve(probabilities?: number[]) {
  const index = new PhotoIndex('net', new IndexInMemory(), { catalogue, embeddings: new EmbeddingsInMemory(), store });
  const model = await engine.load(Buffer.from(JSON.stringify({ probabilities })));
  const version = probabilities && ('v1' as ModelVersion);
  await serving.swap({ version, labels: probabilities ? ['selos', 'moedas', 'carros'] : [], backbone: 'net', model, index });
  for (const [ownerId, image] of [[ana, 'ab'], [ana, 'ac'], [rui, 'ab']] as const) {
    const photo = catalogue.add({ ownerId });
    await store.put('original', photo.objectKey, Buffer.from(image));
  }
  await index.follow();
  while (await index.embedNext(model)) {
    // until nothing waits
  }
}
const ask = (request: Partial<Parameters<ClassifyService['classify']>[0]> = {}) => service.classify({ imagePath: 'uploads/1.jpg', k: 5, embedding: true, ownerId: ana, ...request });

it('answers class, confidence, vector, similar items and the version', async () => {
  await serve([0.2, 0.7, 0.1]);
  const [first, second] = [...catalogue.rows.values()];
  const answer = await ask();
  expect(answer).toMatchObject({ classe: 'moedas', modelVersion: 'v1', stages: { queue: 1, decode: 2, forward: 3 } });
  expect(answer.confianca).toBeCloseTo(0.7);
  expect(answer.embedding).toHaveLength(2);
  expect(answer.probabilities['carros']).toBeCloseTo(0.1);
  expect(answer.semelhantes.map(({ itemId, fotoId }) => [itemId, fotoId])).toEqual([
    [first?.itemId, first?.photoId],
    [second?.itemId, second?.photoId],
  ]);
  expect(answer.semelhantes[0]).toMatchObject({ nome: `item ${first?.itemId}`, distancia: 0 });
});

it('knows no class before a training, but similar items', async () => {
  await serve();
  expect(await ask()).toMatchObject({ classe: null, confianca: 0, probabilities: {}, modelVersion: null, semelhantes: [{}, {}] });
});

it('searches nobody\'s items when no owner is named, and as many as asked for', async () => {
  await serve();
  expect((await ask({ ownerId: undefined })).semelhantes).toEqual([]);
  expect((await ask({ k: 1 })).semelhantes).toHaveLength(1);
  expect(await ask({ embedding: false })).not.toHaveProperty('embedding');
});

it('leaves out an item that was deleted a moment ago', async () => {
  await serve();
  const [first] = [...catalogue.rows.values()];
  catalogue.rows.delete(first!.photoId);
  expect((await ask()).semelhantes).toHaveLength(1);
});

it.each([
  ['no such upload', 'uploads/2.jpg', UploadNotFoundError],
  ['no picture', 'uploads/x.jpg', PhotoUndecodableError],
])('refuses %s', async (_, imagePath, expected) => {
  await serve();
  await store.put('temp', 'uploads/x.jpg', Buffer.from('xx'));
  await expect(ask({ imagePath })).rejects.toThrow(expected);
});

it('asks to come again while nothing is loaded', async () => {
  await expect(ask()).rejects.toThrow(TemporaryError);
});
