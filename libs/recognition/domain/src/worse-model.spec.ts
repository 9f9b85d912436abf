import { seededRandom, type ItemId, type PhotoId } from '@repo/kernel';
import { expect, it } from 'vitest';
import { HeadTrainer, type FittedHead, type HeadFitOptions, type HeadTrainingSet } from './head-training.js';
import { defaultTrainingParameters, type TrainingPhoto } from './model-trainer.js';
import type { ModelMetricsStore } from './model-metrics.store.js';
import type { ModelVersion } from './model-version.js';
import { promoteModel } from './promote-model.js';
import { decidePromotion, defaultGateRules, type Scorecard } from './promotion-gate.js';
import { testSetChecksum } from './test-set.js';
import { InMemoryModelRegistry } from './testing/index.js';
import { trainModel } from './train-model.js';

const [CLASSES, PER_CLASS, DIMENSIONS] = [5, 30, 16];

/** Takes the class whose mean is nearest: linear, and learnt in one pass. */
class NearestMean extends HeadTrainer {
  readonly backend = 'nearest mean';

  async fit({ features, classes }: HeadTrainingSet, _: HeadTrainingSet | undefined, { dimensions, classes: count }: HeadFitOptions): Promise<FittedHead> {
    const [weights, bias] = [new Float32Array(dimensions * count), new Float32Array(count)];
    for (let label = 0; label < count; label += 1) {
      const rows = [...classes.keys()].filter((row) => classes[row] === label);
      for (let i = 0; i < dimensions; i += 1) {
        const mean = rows.reduce((sum, row) => sum + features[row * dimensions + i]!, 0) / rows.length;
        weights[i * count + label] = mean;
        bias[label]! -= (mean * mean) / 2;
      }
    }
    return { weights, bias, bestEpoch: 1, history: [] };
  }
}

/** Photos in clusters, one for each class. */
function drawPhotos(random: () => number): TrainingPhoto[] {
  const bell = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Array.from({ length: CLASSES }, () => Array.from({ length: DIMENSIONS }, bell));
  return centres.flatMap((centre, label) =>
    Array.from({ length: PER_CLASS }, (_, i) => ({
      photoId: `photo ${label} ${i}` as PhotoId,
      itemId: `item ${label} ${i}` as ItemId,
      label: `class ${label}`,
      embedding: Float32Array.from(centre, (value) => value + bell()),
      variants: [],
    })),
  );
}

function shuffleLabels(photos: readonly TrainingPhoto[], share: number, random: () => number): TrainingPhoto[] {
  return photos.map((photo) => (random() < share ? { ...photo, label: `class ${Math.floor(random() * CLASSES)}` } : photo));
}

async function train(photos: readonly TrainingPhoto[], version: string): Promise<Scorecard> {
  const report = await trainModel(photos, defaultTrainingParameters, new NearestMean());
  if (report.outcome === 'refused') {
    throw new Error(report.refusal.message);
  }
  const { metrics, testPhotos } = report;
  return { version: version as ModelVersion, macroF1: metrics.macroF1, perClass: metrics.perClass, testSet: testSetChecksum(testPhotos) };
}

it.each(Array.from({ length: 10 }, (_, seed) => seed))('never lets a model replace a good one when 30 in 100 of its labels were shuffled (%d)', async (seed) => {
  const random = seededRandom(seed);
  const photos = drawPhotos(random);
  const good = await train(photos, 'v1');
  const worse = await train(shuffleLabels(photos, 0.375, random), 'v2'); // one in five of the shuffled keeps its label
  expect(good.macroF1).toBeGreaterThan(0.85);

  const registry = new InMemoryModelRegistry();
  const metrics = { scorecard: async (version: ModelVersion) => [good, worse].find((card) => card.version === version) } as ModelMetricsStore;
  const parts = { registry, metrics, clock: { now: () => new Date() }, rules: defaultGateRules };
  await promoteModel(good.version, parts);
  await promoteModel(worse.version, parts);
  expect(await registry.active()).toMatchObject({ version: good.version });
  expect(await registry.get(worse.version)).toMatchObject({ state: 'refused', reason: expect.stringContaining('worse than v1') as string });
});

it.each(Array.from({ length: 10 }, (_, seed) => seed))('lets a model of the same photos and more through (%d)', async (seed) => {
  const photos = drawPhotos(seededRandom(seed + 100));
  const fewer = photos.filter((_, i) => i % 3 !== 0);
  expect(decidePromotion(await train(photos, 'v2'), await train(fewer, 'v1'), defaultGateRules).promote).toBe(true);
});
