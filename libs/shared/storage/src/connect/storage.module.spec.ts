import { Test } from '@nestjs/testing';
import { describe, expect, it, vi } from 'vitest';
import { ObjectStore } from '../object-store.js';
import { StorageModule, type StorageOptions } from './storage.module.js';

const loaded = vi.hoisted(() => ({ minio: false }));
vi.mock('minio', async (importOriginal) => {
  loaded.minio = true;
  return importOriginal();
});

const files = { folder: '/nowhere', publicUrl: 'http://127.0.0.1:5000', linkSecret: 'x'.repeat(32), servesLinks: false };
// The discard port: nobody answers.
const server = { ...files, objectsUrl: 'http://key:secret@127.0.0.1:9/us-east-1', objectsPublicUrl: 'https://photos.example.org' };

async function storeOf(options: StorageOptions): Promise<ObjectStore> {
  const app = await Test.createTestingModule({ imports: [StorageModule.forRoot(options)] }).compile();
  app.useLogger(false);
  await app.init();
  return app.get(ObjectStore);
}

describe('StorageModule', () => {
  it('keeps objects as files when no server is named, and loads no driver', async () => {
    expect(await (await storeOf(files)).signedUrl('original', 'item/a.jpg')).toContain('http://127.0.0.1:5000/api/objects/original/item/a.jpg?');
    expect(loaded.minio).toBe(false);
  });

  it('takes the server that is named, also while it does not answer', async () => {
    const store = await storeOf(server);
    expect(await store.signedUrl('original', 'item/a.jpg')).toContain('https://photos.example.org/original/item/a.jpg?');
    await expect(store.roundTrip(2_000)).rejects.toThrow();
  });

  it.each([
    ['an URL of something else', { objectsUrl: 'redis://127.0.0.1' }],
    ['an URL without key and secret', { objectsUrl: 'http://127.0.0.1:9000/us-east-1' }],
    ['a public URL with a path', { objectsPublicUrl: 'https://example.org/photos' }],
  ])('does not start with %s', async (_, wrong) => {
    await expect(storeOf({ ...server, ...wrong })).rejects.toThrow(/The (public )?URL of an object store must/);
  });
});
