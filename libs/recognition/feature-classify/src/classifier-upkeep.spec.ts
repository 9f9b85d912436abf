import { Backbone, type BackboneInfo, type LoadedModel, type ModelVersion } from '@repo/recognition-domain';
import { expect, it } from 'vitest';
import { ClassifierUpkeep } from './classifier-upkeep.js';
import type { ModelKeeper } from './model-keeper.js';
import type { PhotoIndex } from './photo-index.js';
import { Serving } from './serving.js';

class FoundBackbone extends Backbone {
  constructor(readonly info: BackboneInfo) {
    super();
  }
  override onnx = () => Promise.reject(new Error('not part of this test'));
  override onnxWithHead = this.onnx;
}

const full = { id: 'full', origin: 'data folder', path: '/data/full', dimensions: 1280, inputSize: 224 } as const;

/** What the part `network` says with a backbone that was found, while a version of another serves. */
async function networkOf(found: BackboneInfo, served?: { backbone: string; version?: ModelVersion }) {
  const serving = new Serving();
  if (served) {
    await serving.swap({ version: undefined, labels: [], model: {} as LoadedModel, index: {} as PhotoIndex, ...served });
  }
  const upkeep = new ClassifierUpkeep({} as ModelKeeper, serving, new FoundBackbone(found));
  return upkeep.healthChecks.find(({ name }) => name === 'network')?.check();
}

it('fails while no network is loaded', async () => {
  await expect(networkOf(full)).rejects.toThrow('no network is loaded');
});

it('says that the version that serves was trained on another backbone, and that the next training brings this one in', async () => {
  expect(await networkOf(full, { backbone: 'compact', version: 'v1' as ModelVersion })).toEqual({
    detail: {
      backbone: { id: 'full', quality: 'full', origin: 'data folder', inputSize: 224 },
      trainedOn: 'compact',
      advice: { code: 'TRAIN_AGAIN', message: expect.any(String) as string },
    },
  });
});

it('has nothing to add where the version that serves was trained on the full one', async () => {
  expect(await networkOf(full, { backbone: 'full', version: 'v1' as ModelVersion })).toEqual({ detail: { backbone: { id: 'full', quality: 'full', origin: 'data folder', inputSize: 224 } } });
});
