import type { CrashPoint } from '@repo/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, titled } from './servers-under-test.js';
import { smallPhoto } from './small-photo.js';
import { addLearnableItems, askForTraining, categories, trainingEnded } from './trainings.js';

interface Classification {
  classe: string;
  modelVersion: string | null;
  itemsSemelhantes: { nome: string }[];
}

const crashPoints: CrashPoint[] = ['train.version-stored', 'train.version-noted', 'train.announced'];

describe.skipIf(missingServers().length > 0)(titled('trainings'), () => {
  let platform: PlatformUnderTest;
  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 2, augmentations: 2, training: 1, classifier: 1 });
    await addLearnableItems(platform);
  });
  afterAll(() => platform?.stop());

  const versions = () => platform.data.collection<{ version: string; state: string }>('SELECT version, state FROM "Models" ORDER BY version');
  const storedVersions = async () => [...new Set((await platform.data.objects.keys('models')).map((key) => key.split('/')[1]!))].sort();

  it.each(crashPoints)('killed at %s, end with one version that serves', async (point) => {
    const training = platform.fleet.service('training');
    const [deaths, before] = [training.deaths.length, await versions()];
    await training.armAt(point);
    const id = await askForTraining(platform.collector);
    await training.crashed(deaths + 1, 60_000);
    // The lease of the dead is 30 s long: put to its end rather than waited for.
    await platform.data.learning('UPDATE training_runs SET lease_until = now() WHERE id = $1', [id]);
    const { status, reason, modelVersion } = await trainingEnded(platform.collector, id);
    expect({ status, reason }).toMatchObject({ status: 'done' });
    const after = await versions();
    expect(after).toHaveLength(before.length + 1);
    expect(after.filter(({ state }) => state === 'active').map(({ version }) => version)).toEqual([modelVersion]);
    expect(await storedVersions()).toEqual(after.map(({ version }) => version));
    await platform.settle();
  });

  it('lead to answers of the version that was trained last', async () => {
    const [{ name, tint }, active] = [categories[0], (await versions()).find(({ state }) => state === 'active')!];
    const photo = await smallPhoto(100_000, { tint });
    await eventually('it serves', async () => (await platform.collector.classify<Classification>(photo)).body.modelVersion === active.version);
    const { body } = await platform.collector.classify<Classification>(photo);
    expect(body.classe).toBe(name);
    expect(body.itemsSemelhantes[0]?.nome).toBe(`${name} 100000`);
  });
});
