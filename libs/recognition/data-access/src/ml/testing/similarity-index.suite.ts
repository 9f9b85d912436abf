import { newId, seededRandom, type PhotoId, type UserId } from '@repo/kernel';
import { compareNeighbours, type Neighbour, type SimilarityIndex } from '@repo/recognition-domain';
import { describe, expect, it } from 'vitest';

const dimensions = 64;

/** What every adapter of SimilarityIndex does. */
export function similarityIndexSuite(name: string, create: (dimensions: number) => SimilarityIndex): void {
  describe(name, () => {
    const ana = newId<UserId>();
    const rui = newId<UserId>();

    it('finds nothing for an owner without photos', () => {
      expect(create(dimensions).search(ana, unitVector(1), 5)).toEqual([]);
    });

    it('finds a photo by its own vector, with similarity 1', () => {
      const { index, photos } = filled(create(dimensions), ana, 50);
      const [best] = index.search(ana, photos[17]!.vector, 1);
      expect(best!.photoId).toBe(photos[17]!.photoId);
      expect(best!.similarity).toBeCloseTo(1, 5);
    });

    it('equals brute force, best first', () => {
      const { index, photos } = filled(create(dimensions), ana, 500);
      for (let query = 0; query < 100; query += 1) {
        const vector = unitVector(10_000 + query);
        expectSame(index.search(ana, vector, 5), bruteForce(photos, vector, 5));
      }
    });

    it('answers all there are when asked for more', () => {
      const { index } = filled(create(dimensions), ana, 3);
      expect(index.search(ana, unitVector(1), 5)).toHaveLength(3);
    });

    it("never finds another owner's photos", () => {
      const index = create(dimensions);
      const own = filled(index, ana, 20).photos;
      const others = filled(index, rui, 20, 500).photos;
      for (const { vector } of others) {
        const found = index.search(ana, vector, 20).map(({ photoId }) => photoId);
        expect(found.sort()).toEqual(own.map(({ photoId }) => photoId).sort());
      }
    });

    it('counts, and knows what it holds', () => {
      const { index, photos } = filled(create(dimensions), ana, 20);
      expect(index.size).toBe(20);
      expect(index.has(photos[3]!.photoId)).toBe(true);
      expect(index.has(newId<PhotoId>())).toBe(false);
    });

    it('forgets a removed photo at once, and finds the others still', () => {
      const { index, photos } = filled(create(dimensions), ana, 40);
      const removed = new Set<PhotoId>();
      for (const { photoId, vector } of [photos[0]!, photos[39]!, photos[20]!, photos[16]!, photos[15]!]) {
        expect(index.remove(photoId)).toBe(true);
        removed.add(photoId);
        expect(index.has(photoId)).toBe(false);
        expectSame(index.search(ana, vector, 5), bruteForce(photos.filter((photo) => !removed.has(photo.photoId)), vector, 5));
      }
      expect(index.size).toBe(35);
      expect(index.remove(photos[0]!.photoId)).toBe(false);
    });

    it('can be emptied and filled again', () => {
      const { index, photos } = filled(create(dimensions), ana, 20);
      photos.forEach(({ photoId }) => index.remove(photoId));
      expect(index.size).toBe(0);
      expect(index.search(ana, unitVector(1), 5)).toEqual([]);
      const again = filled(index, ana, 20, 700).photos;
      expectSame(index.search(ana, unitVector(3), 5), bruteForce(again, unitVector(3), 5));
    });

    it('replaces the vector of a photo that it knows', () => {
      const { index, photos } = filled(create(dimensions), ana, 20);
      const { photoId } = photos[5]!;
      index.add(ana, photoId, unitVector(999));
      expect(index.size).toBe(20);
      expect(index.search(ana, unitVector(999), 1)).toMatchObject([{ photoId }]);
    });

    it('moves a photo to another owner', () => {
      const { index, photos } = filled(create(dimensions), ana, 20);
      const { photoId, vector } = photos[5]!;
      index.add(rui, photoId, vector);
      expect(index.search(rui, vector, 5)).toMatchObject([{ photoId }]);
      expect(index.search(ana, vector, 20).map((neighbour) => neighbour.photoId)).not.toContain(photoId);
    });

    it('keeps its own copy of a vector', () => {
      const index = create(dimensions);
      const vector = unitVector(1);
      index.add(ana, newId<PhotoId>(), vector);
      vector.fill(0);
      expect(index.search(ana, unitVector(1), 1)[0]!.similarity).toBeCloseTo(1, 5);
    });

    it.each([
      ['too short', new Float32Array(dimensions - 1), `must have ${dimensions} numbers, got ${dimensions - 1}`],
      ['not a number', new Float32Array(dimensions).fill(NaN), 'finite numbers'],
      ['infinite', new Float32Array(dimensions).fill(Infinity), 'finite numbers'],
    ])('refuses a vector that is %s', (_, vector, message) => {
      const { index } = filled(create(dimensions), ana, 3);
      expect(() => index.add(ana, newId<PhotoId>(), vector)).toThrow(message);
      expect(() => index.search(ana, vector, 5)).toThrow(message);
      expect(index.size).toBe(3);
    });
  });
}

interface Photo {
  readonly photoId: PhotoId;
  readonly vector: Float32Array;
}

function filled(index: SimilarityIndex, ownerId: UserId, count: number, firstSeed = 0): { index: SimilarityIndex; photos: Photo[] } {
  const photos = Array.from({ length: count }, (_, i) => ({ photoId: newId<PhotoId>(), vector: unitVector(firstSeed + i) }));
  photos.forEach(({ photoId, vector }) => index.add(ownerId, photoId, vector));
  return { index, photos };
}

function unitVector(seed: number): Float32Array {
  const random = seededRandom(seed);
  const vector = Float32Array.from({ length: dimensions }, () => random() - 0.3);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function bruteForce(photos: readonly Photo[], query: Float32Array, k: number): Neighbour[] {
  const product = (vector: Float32Array) => vector.reduce((sum, value, i) => sum + value * query[i]!, 0);
  return photos.map(({ photoId, vector }) => ({ photoId, similarity: product(vector) })).sort(compareNeighbours).slice(0, k);
}

function expectSame(found: readonly Neighbour[], expected: readonly Neighbour[]): void {
  expect(found.map(({ photoId }) => photoId)).toEqual(expected.map(({ photoId }) => photoId));
  found.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(expected[i]!.similarity, 5));
}
