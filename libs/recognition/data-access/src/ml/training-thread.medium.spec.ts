import { newId, seededRandom, type ItemId, type PhotoId } from '@repo/kernel';
import { defaultTrainingParameters, type TrainingPhoto } from '@repo/recognition-domain';
import { expect, it } from 'vitest';
import { TrainingThread } from './training-thread.js';

const dimensions = 64;

/** Two clouds of vectors that a line can tell apart. */
function photosOf(label: string, axis: number, count: number): TrainingPhoto[] {
  const random = seededRandom(axis + 1);
  const vector = () => Float32Array.from({ length: dimensions }, (_, i) => random() * 0.2 + (i === axis ? 1 : 0));
  return Array.from({ length: count }, () => ({ photoId: newId<PhotoId>(), itemId: newId<ItemId>(), label, embedding: vector(), variants: [vector()] }));
}

const thread = new TrainingThread({ backend: 'wasm' });
const photos = [...photosOf('coins', 3, 20), ...photosOf('stamps', 40, 20)];

it('learns, telling of each epoch', async () => {
  const epochs: number[] = [];
  const report = await thread.train(photos, defaultTrainingParameters, { onEpoch: ({ epoch }) => epochs.push(epoch) });
  expect(report).toMatchObject({ outcome: 'trained', head: { labels: ['coins', 'stamps'] }, metrics: { accuracy: 1 }, lineage: { backend: 'wasm' } });
  expect(epochs[0]).toBe(1);
});

it('says why it refuses', async () => {
  expect(await thread.train(photosOf('coins', 3, 20), defaultTrainingParameters)).toMatchObject({ outcome: 'refused', refusal: { code: 'TOO_FEW_CATEGORIES' } });
});

it('ends in the middle when it is aborted', async () => {
  const abort = new AbortController();
  const training = thread.train(photos, { ...defaultTrainingParameters, maxEpochs: 100_000, patience: 100_000 }, {
    signal: abort.signal,
    onEpoch: () => abort.abort(new Error('not needed any more')),
  });
  await expect(training).rejects.toThrow('not needed any more');
});

it('passes on what went wrong in the thread', async () => {
  const broken = photos.map((photo, i) => (i === 5 ? { ...photo, embedding: new Float32Array(dimensions).fill(NaN) } : photo));
  await expect(thread.train(broken, defaultTrainingParameters)).rejects.toThrow('finite numbers');
});
