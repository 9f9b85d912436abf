import { newId, type PhotoId, type UserId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { ExactIndex } from './exact-index.js';
import { similarityIndexSuite } from './testing/similarity-index.suite.js';

similarityIndexSuite('ExactIndex', (dimensions) => new ExactIndex(dimensions));

it('names photos that are the same in the order of their ids', () => {
  const index = new ExactIndex(16);
  const owner = newId<UserId>();
  const ids = Array.from({ length: 40 }, () => newId<PhotoId>());
  const vector = new Float32Array(16).fill(0.25);
  [...ids].reverse().forEach((id) => index.add(owner, id, vector));
  expect(index.search(owner, vector, 5).map(({ photoId }) => photoId)).toEqual(ids.slice(0, 5));
});

it('serves many owners from one memory that grows', () => {
  const index = new ExactIndex(1280);
  const vector = Float32Array.from({ length: 1280 }, (_, i) => (i === 7 ? 1 : 0));
  const owners = Array.from({ length: 100 }, () => newId<UserId>());
  const photos = owners.map((owner) => {
    const photoId = newId<PhotoId>();
    index.add(owner, photoId, vector);
    return photoId;
  });
  owners.forEach((owner, i) => expect(index.search(owner, vector, 5)).toEqual([{ photoId: photos[i], similarity: 1 }]));
});
