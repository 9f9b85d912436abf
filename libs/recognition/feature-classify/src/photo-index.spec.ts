import { Logger } from '@nestjs/common';
import { newId, TemporaryError, type UserId } from '@repo/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { PhotoIndex } from './photo-index.js';
import { CatalogueInMemory, EmbeddingsInMemory, IndexInMemory } from './testing/collection-in-memory.js';
import { StoreInMemory } from './testing/store-in-memory.js';
import { embeddingOf, ToyEngine } from './testing/toy-engine.js';

Logger.overrideLogger(false);
const ana = newId<UserId>();
let catalogue: CatalogueInMemory;
let embeddings: EmbeddingsInMemory;
let store: StoreInMemory;
const engine = new ToyEngine();
const model = await engine.load(Buffer.from('{}'));

beforeEach(() => {
  catalogue = new CatalogueInMemory();
  embeddings = new EmbeddingsInMemory();
  store = new StoreInMemory();
});

const newIndex = (space = 'net') => new PhotoIndex(space, new IndexInMemory(), { catalogue, embeddings, store });
async function upload(image: string, ownerId = ana) {
  const photo = catalogue.add({ ownerId });
  await store.put('original', photo.objectKey, Buffer.from(image));
  return photo;
}
async function embedAll(index: PhotoIndex): Promise<void> {
  while (await index.embedNext(model)) {
    // until nothing waits
  }
}
const found = (index: PhotoIndex, image = 'ab', ownerId = ana) => index.similar(ownerId, embeddingOf(image), 5).map(({ photoId }) => photoId);

describe('at the start', () => {
  it('knows what was embedded before, and embeds the rest', async () => {
    const [old, fresh] = [await upload('ab'), await upload('ac')];
    await embeddings.savePhoto('net', { ...old, vector: embeddingOf('ab') });
    const index = newIndex();
    await index.load();
    expect(found(index)).toEqual([old.photoId]);
    expect(index.waiting).toBe(1);
    await embedAll(index);
    expect(found(index)).toEqual([old.photoId, fresh.photoId]);
  });

  it('forgets vectors of photos that were deleted while nobody looked', async () => {
    const gone = await upload('ab');
    await embeddings.savePhoto('net', { ...gone, vector: embeddingOf('ab') });
    catalogue.rows.delete(gone.photoId); // its tombstone is long gone too
    const index = newIndex();
    await index.load();
    expect(found(index)).toEqual([]);
    expect(embeddings.saved.size).toBe(0);
  });

  it('rebuilds in the space of another network', async () => {
    const photo = await upload('ab');
    await embeddings.savePhoto('net', { ...photo, vector: embeddingOf('zz') });
    const index = newIndex('another net');
    await index.load();
    expect(found(index)).toEqual([]);
    await embedAll(index);
    expect(found(index)).toEqual([photo.photoId]);
    expect(embeddings.saved.size).toBe(2);
  });
});

describe('while it runs', () => {
  let index: PhotoIndex;
  beforeEach(async () => {
    index = newIndex();
    await index.load();
  });

  it('finds a new photo, and keeps its vector', async () => {
    const photo = await upload('ab');
    await index.follow();
    await embedAll(index);
    expect(index.similar(ana, embeddingOf('ab'), 5)).toEqual([{ itemId: photo.itemId, photoId: photo.photoId, distance: 0 }]);
    expect([...embeddings.saved.values()]).toEqual([
      { photoId: photo.photoId, itemId: photo.itemId, ownerId: ana, sha256: photo.sha256, vector: embeddingOf('ab') },
    ]);
  });

  it('shows nobody the photos of others', async () => {
    await upload('ab', newId<UserId>());
    await index.follow();
    await embedAll(index);
    expect(index.size).toBe(1);
    expect(found(index)).toEqual([]);
  });

  it('embeds the newest first', async () => {
    const photos = [await upload('aa'), await upload('ab'), await upload('ac')];
    await index.follow();
    await index.embedNext(model);
    expect(found(index)).toEqual([photos[2]?.photoId]);
  });

  it('sees a photo whose transaction became visible up to 10 seconds late', async () => {
    await upload('ab');
    await index.follow();
    const late = catalogue.add({ ownerId: ana, createdAt: new Date(Date.now() - 9_000) });
    await store.put('original', late.objectKey, Buffer.from('ac'));
    await index.follow();
    await embedAll(index);
    expect(found(index)).toContain(late.photoId);
  });

  it('sees one that was later still when it compares', async () => {
    await upload('ab');
    await index.follow();
    const late = catalogue.add({ ownerId: ana, createdAt: new Date(Date.now() - 3_600_000) });
    await store.put('original', late.objectKey, Buffer.from('ac'));
    await index.follow();
    expect(index.waiting).toBe(1);
    await index.compare();
    expect(index.waiting).toBe(2);
  });

  it('follows thousands of photos at once', async () => {
    for (let i = 0; i < 2_500; i += 1) {
      catalogue.add({ createdAt: new Date(Date.now() + i) });
    }
    await index.follow();
    expect(index.waiting).toBe(2_500);
  });

  it('takes a cached vector instead of the photo', async () => {
    const photo = catalogue.add({ ownerId: ana });
    embeddings.cache.set(`net ${photo.sha256}`, embeddingOf('ab'));
    await index.follow();
    await embedAll(index);
    expect(found(index)).toEqual([photo.photoId]);
  });

  it('goes below queries', async () => {
    const toy = await engine.load(Buffer.from('{}'));
    await upload('ab');
    await index.follow();
    await index.embedNext(toy);
    expect(toy).toMatchObject({ seen: [{ image: 'ab', options: { priority: 'background' } }] });
  });
});

describe('removal', () => {
  let index: PhotoIndex;
  beforeEach(async () => {
    index = newIndex();
    await index.load();
  });
  async function indexed(image = 'ab') {
    const photo = await upload(image);
    await index.follow();
    await embedAll(index);
    return photo;
  }

  it('takes a deleted photo out at once, its row too', async () => {
    const photo = await indexed();
    catalogue.remove(photo.photoId);
    await index.follow();
    expect(found(index)).toEqual([]);
    expect(embeddings.saved.size).toBe(0);
  });

  it('takes out one whose tombstone came up to 10 seconds late', async () => {
    const [early, late] = [await indexed('ab'), await indexed('ac')];
    catalogue.remove(early.photoId);
    await index.follow();
    catalogue.remove(late.photoId, new Date(Date.now() - 9_000));
    await index.follow();
    expect(found(index)).toEqual([]);
  });

  it('never brings back a photo that was deleted while it was embedded', async () => {
    const { photoId } = await upload('ab');
    await index.follow();
    const run = async (image: Buffer) => {
      catalogue.remove(photoId);
      await index.follow();
      return model.run(image);
    };
    await index.embedNext({ run, unload: () => model.unload() });
    expect(found(index)).toEqual([]);
    expect(embeddings.saved.size).toBe(0);
    expect(index.waiting).toBe(0);
  });

  it('nor one that was deleted while its vector was written', async () => {
    const photo = await upload('ab');
    await index.follow();
    const savePhoto = embeddings.savePhoto.bind(embeddings);
    embeddings.savePhoto = async (...row) => {
      catalogue.remove(photo.photoId);
      await index.follow();
      await savePhoto(...row);
    };
    await index.embedNext(model);
    expect(found(index)).toEqual([]);
    expect(embeddings.saved.size).toBe(0);
  });

  it('keeps a photo that comes in while it compares', async () => {
    const photoIds = catalogue.photoIds.bind(catalogue);
    catalogue.photoIds = async () => {
      const ids = await photoIds();
      await indexed();
      return ids;
    };
    await index.compare();
    expect(index.size).toBe(1);
  });
});

describe('photos that can\'t be embedded', () => {
  it('leaves an unreadable one out for good, and goes on', async () => {
    const index = newIndex();
    await index.load();
    const good = await upload('ab');
    await upload('xx');
    await index.follow();
    await embedAll(index);
    expect(found(index)).toEqual([good.photoId]);
    await index.compare();
    expect(index.waiting).toBe(0);
  });

  it('looks again later for one whose object is missing', async () => {
    const index = newIndex();
    await index.load();
    const photo = catalogue.add({ ownerId: ana });
    await index.follow();
    await embedAll(index);
    expect(index.waiting).toBe(0);
    await store.put('original', photo.objectKey, Buffer.from('ab'));
    await index.compare();
    await embedAll(index);
    expect(found(index)).toEqual([photo.photoId]);
  });

  it('keeps one waiting while the store is away', async () => {
    const index = newIndex();
    await index.load();
    await upload('ab');
    await index.follow();
    const get = store.get.bind(store);
    store.get = () => Promise.reject(new TemporaryError('away'));
    await expect(index.embedNext(model)).rejects.toThrow(TemporaryError);
    store.get = get;
    await embedAll(index);
    expect(index.size).toBe(1);
  });
});
