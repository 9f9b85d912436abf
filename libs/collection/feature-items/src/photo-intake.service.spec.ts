import type { NewPhoto } from '@repo/collection-domain';
import { PhotoGate, PhotoUnreadableError, type AcceptedPhoto } from '@repo/images';
import { AccessDeniedError, InvalidInputError, newId, TemporaryError, type ItemId } from '@repo/kernel';
import { ObjectDamagedError, type ObjectStore } from '@repo/storage';
import fc from 'fast-check';
import { beforeEach, expect, it, vi } from 'vitest';
import { PhotoIntakeService } from './photo-intake.service.js';

/** Accepts everything but the word `bad`. */
class ReadingGate extends PhotoGate {
  async accept(bytes: Buffer): Promise<AcceptedPhoto> {
    if (bytes.toString() === 'bad') {
      throw new PhotoUnreadableError('it is bad');
    }
    return { bytes, contentType: 'image/jpeg', extension: 'jpg', width: 4, height: 3, sha256: 'f'.repeat(64) };
  }

  acceptForClassification = this.accept;
}

const objects = new Map<string, Buffer>();
const store = {
  put: vi.fn(async (_bucket: string, key: string, body: Buffer) => void objects.set(key, body)),
  remove: vi.fn(async (_bucket: string, key: string) => void objects.delete(key)),
};
const itemId = newId<ItemId>();
const operationId = newId<ItemId>();
const intake = new PhotoIntakeService(new ReadingGate(), store as unknown as ObjectStore);
const photos = (...contents: string[]) => contents.map((content) => Buffer.from(content));
const keepAll = async (stored: NewPhoto[]) => stored;

beforeEach(() => {
  objects.clear();
  vi.clearAllMocks();
});

it('keeps photos in order, under keys of item and photo', async () => {
  const stored = await intake.take(itemId, operationId, photos('a', 'b'), keepAll);
  expect([...objects]).toEqual(stored.map(({ objectKey }, i) => [objectKey, Buffer.from('ab'[i]!)]));
  expect(stored[0]!.objectKey).toBe(`item/${itemId}/${stored[0]!.id}.jpg`);
  expect(stored[0]).toMatchObject({ bytes: 1, width: 4, height: 3 });
});

it('stores nothing when one photo of several is refused', async () => {
  await expect(intake.take(itemId, operationId, photos('a', 'bad', 'c'), keepAll)).rejects.toMatchObject({ code: 'PHOTO_UNREADABLE' });
  expect(store.put).not.toHaveBeenCalled();
});

it('removes the objects when their rows are refused', async () => {
  const refuse = () => Promise.reject(new InvalidInputError('no'));
  await expect(intake.take(itemId, operationId, photos('a', 'b'), refuse)).rejects.toThrow('no');
  expect(objects.size).toBe(0);
});

it.each([new TemporaryError('the answer of COMMIT was lost'), new Error('a bug')])('leaves the objects after %s: the rows may be there', async (error) => {
  await expect(intake.take(itemId, operationId, photos('a'), () => Promise.reject(error))).rejects.toBe(error);
  expect(objects.size).toBe(1);
});

it.each([new TemporaryError('it does not answer'), new AccessDeniedError('it denies us'), new ObjectDamagedError('it keeps something else')])(
  'leaves the objects when the store fails with %s: an earlier request of the same operation may have written their rows',
  async (error) => {
    await intake.take(itemId, operationId, photos('a', 'b'), keepAll);
    store.put.mockImplementationOnce(() => Promise.reject(error));
    await expect(intake.take(itemId, operationId, photos('a', 'b'), keepAll)).rejects.toBe(error);
    expect(objects.size).toBe(2);
    expect(store.remove).not.toHaveBeenCalled();
  },
);

it('overwrites nothing in 10,000 uploads: photos of one item, items at the same time', async () => {
  const known = new Set<string>();
  let overwritten = 0;
  const watching = {
    put: async (_bucket: string, key: string) => {
      overwritten += known.has(key) ? 1 : 0;
      known.add(key);
    },
  };
  const watched = new PhotoIntakeService(new ReadingGate(), watching as unknown as ObjectStore);
  let uploads = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }), async (items) => {
      // Each item gets several uploads of several photos, all at once, all of the same bytes.
      await Promise.all(
        items.flatMap((requests) => {
          const item = newId<ItemId>();
          return requests.map((count, index) => watched.take(item, index === 0 ? item : newId(), photos(...Array<string>(count).fill('same')), keepAll));
        }),
      );
      uploads += items.flat().reduce((sum, count) => sum + count, 0);
    }),
    { numRuns: 250 },
  );
  expect(uploads).toBeGreaterThan(10_000);
  expect([known.size, overwritten]).toEqual([uploads, 0]);
});

it('gives a repeated request the same photos', async () => {
  const first = await intake.take(itemId, operationId, photos('a', 'b'), keepAll);
  const second = await intake.take(itemId, operationId, photos('a', 'b'), keepAll);
  expect(second).toEqual(first);
  expect(new Set(first.map(({ id }) => id)).size).toBe(2);
});
