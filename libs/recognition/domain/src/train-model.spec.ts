import { newId, seededRandom, type ItemId, type PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { HeadTrainer, type FittedHead, type HeadFitOptions, type HeadTrainingSet } from './head-training.js';
import { defaultTrainingParameters as parameters, type TrainingPhoto, type TrainingReport } from './model-trainer.js';
import { softmax, logitsOf } from './softmax.js';
import { trainModel } from './train-model.js';

interface FitCall {
  readonly train: HeadTrainingSet;
  readonly validation: HeadTrainingSet | undefined;
  readonly options: HeadFitOptions;
}

/** Answers the class means as weights, after three epochs. */
class ClassMeansTrainer extends HeadTrainer {
  readonly backend = 'class means';
  readonly calls: FitCall[] = [];

  async fit(train: HeadTrainingSet, validation: HeadTrainingSet | undefined, options: HeadFitOptions): Promise<FittedHead> {
    this.calls.push({ train, validation, options });
    const { dimensions, classes } = options;
    const weights = new Float32Array(dimensions * classes);
    train.classes.forEach((column, row) => {
      for (let i = 0; i < dimensions; i += 1) {
        weights[i * classes + column]! += train.features[row * dimensions + i]! / train.classes.length;
      }
    });
    return { weights, bias: new Float32Array(classes), bestEpoch: 3, history: [] };
  }
}

const dimensions = 8;

function photosOf(label: string, axis: number, count: number, variants = 2): TrainingPhoto[] {
  const random = seededRandom(axis);
  const vector = () => Float32Array.from({ length: dimensions }, (_, i) => random() * 0.3 + (i === axis ? 1 : 0));
  return Array.from({ length: count }, () => ({
    photoId: newId<PhotoId>(), itemId: newId<ItemId>(), label, embedding: vector(), variants: Array.from({ length: variants }, vector),
  }));
}

const photos = [...photosOf('stamps', 1, 20), ...photosOf('coins', 5, 20)];

async function train(input = photos) {
  const trainer = new ClassMeansTrainer();
  const report = await trainModel(input, parameters, trainer);
  if (report.outcome !== 'trained') {
    throw new Error(report.refusal.message);
  }
  return { trainer, report };
}

it('recognises what it was trained on, classes in order of their names', async () => {
  const { report } = await train();
  expect(report.head.labels).toEqual(['coins', 'stamps']);
  for (const { embedding, label } of photos) {
    const probabilities = softmax(logitsOf(embedding, report.head), report.head.temperature);
    expect(report.head.labels[probabilities.indexOf(Math.max(...probabilities))]).toBe(label);
  }
  expect(report.metrics).toMatchObject({ accuracy: 1, macroF1: 1, confusion: [[3, 0], [0, 3]] });
});

it('trains on the training photos and their variants, stops by originals of others', async () => {
  const { trainer, report } = await train();
  const [examined] = trainer.calls as [FitCall];
  expect(report.lineage.photos).toEqual({ train: 28, validation: 6, test: 6 });
  expect(examined.train.classes).toHaveLength(28 * 3);
  expect(examined.validation!.classes).toHaveLength(6);
  expect(examined.options).toMatchObject({ epochs: parameters.maxEpochs, patience: parameters.patience });
});

it('fits again on every photo for as many epochs as were best', async () => {
  const { trainer, report } = await train();
  const [, final] = trainer.calls as [FitCall, FitCall];
  expect(final.train.classes).toHaveLength(40 * 3);
  expect(final.validation).toBeUndefined();
  expect(final.options.epochs).toBe(3);
  expect(report.lineage).toMatchObject({ bestEpoch: 3, refitted: true, items: 40, variants: 80 });
});

it.each([
  [20, 6], // 28 photos train, with two variants each: 84 rows in 16 steps
  [600, parameters.batchSize],
])('learns %d photos of a class in batches of %d: never in less than 16 steps', async (count, batchSize) => {
  const { trainer } = await train([...photosOf('stamps', 1, count), ...photosOf('coins', 5, count)]);
  expect(trainer.calls[0]!.options.batchSize).toBe(batchSize);
});

it('examines on photos that trained nothing, nor their variants', async () => {
  const { trainer, report } = await train();
  const tested = new Set(report.testPhotos.map(({ photoId }) => photoId));
  expect(tested.size).toBe(6);
  const elsewhere = Float32Array.from({ length: dimensions }, (_, i) => i);
  const changed = photos.map((photo) => (tested.has(photo.photoId) ? { ...photo, embedding: elsewhere, variants: [elsewhere, elsewhere] } : photo));
  const [examined] = (await train(changed)).trainer.calls as [FitCall];
  expect(examined.train.features).toEqual(trainer.calls[0]!.train.features);
  expect(examined.validation!.features).toEqual(trainer.calls[0]!.validation!.features);
});

it('weighs every photo the same, half of it the original', async () => {
  const { trainer } = await train([...photosOf('stamps', 1, 20, 0), ...photosOf('coins', 5, 20, 4)]);
  const { weights, classes } = trainer.calls[1]!.train;
  const weightOf = (column: number) => weights.reduce((sum, weight, row) => sum + (classes[row] === column ? weight : 0), 0);
  expect(weightOf(0)).toBeCloseTo(weightOf(1), 4);
  expect(weights[20]! / weights[21]!).toBeCloseTo(4, 4);
  expect(weights.reduce((sum, weight) => sum + weight, 0) / weights.length).toBeCloseTo(1, 4);
});

it('gives the same report for the same seed', async () => {
  const withoutTime = ({ lineage: { durationMs: _, ...lineage }, ...rest }: Extract<TrainingReport, { outcome: 'trained' }>) => ({ ...rest, lineage });
  expect(withoutTime((await train()).report)).toEqual(withoutTime((await train()).report));
});

it('leaves out a category with too little, and says which', async () => {
  const few = photosOf('few', 3, 4);
  const { trainer, report } = await train([...few, ...photos]);
  expect(report.head.labels).toEqual(['coins', 'stamps']);
  expect(report.lineage).toMatchObject({ leftOut: [{ label: 'few', photos: 4, items: 4 }], items: 40, variants: 80 });
  expect(trainer.calls[1]!.train.classes).toHaveLength(40 * 3);
  expect(report.testPhotos.filter(({ label }) => label === 'few')).toEqual([]);
});

it('refuses before it computes anything', async () => {
  const trainer = new ClassMeansTrainer();
  expect(await trainModel(photosOf('coins', 1, 30), parameters, trainer)).toMatchObject({ outcome: 'refused', refusal: { code: 'TOO_FEW_CATEGORIES' } });
  expect(trainer.calls).toEqual([]);
});

it.each([
  ['not a number', Float32Array.of(0, NaN, 0, 0, 0, 0, 0, 0)],
  ['infinite', Float32Array.of(0, Infinity, 0, 0, 0, 0, 0, 0)],
])('throws, naming the photo, when a variant has an embedding that is %s', async (_, broken) => {
  const withBroken = photos.map((photo, i) => (i === 3 ? { ...photo, variants: [broken] } : photo));
  await expect(trainModel(withBroken, parameters, new ClassMeansTrainer())).rejects.toThrow(photos[3]!.photoId);
});
