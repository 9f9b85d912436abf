import { setTimeout as sleep } from 'node:timers/promises';
import { classifyAnswer, type ClassifyAnswer } from '@repo/contracts';
import { S3ObjectStore } from '@repo/storage/s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChaosReport } from './chaos-report.js';
import { ChaosSeed } from './chaos-seed.js';
import { eventually } from './eventually.js';
import { PlatformUnderTest } from './platform-under-test.js';
import { missingServers, serverChoice, titled } from './servers-under-test.js';
import { smallPhoto } from './small-photo.js';
import { addLearnableItems, askForTraining, categories, trainingEnded } from './trainings.js';

const SWAPS = 20;
const REQUESTS_PER_S = 50;
/** A version is noticed within a second and loaded in one more. */
const SWAP_GOAL_S = 3;

interface Asked {
  photo: string;
  status: number;
  answer: ClassifyAnswer | undefined;
  ms: number;
}

describe.skipIf(missingServers().length > 0 || serverChoice.objects !== 's3')(titled(`${SWAPS} changes of model under ${REQUESTS_PER_S} requests a second`), () => {
  const seed = new ChaosSeed();
  const report = new ChaosReport('model-swaps', seed);
  const photos = ['uploads/one.jpg', 'uploads/two.jpg', 'uploads/three.jpg', 'uploads/four.jpg'];
  let platform: PlatformUnderTest;
  let ownerId: string;
  const versions: string[] = [];

  beforeAll(async () => {
    platform = await PlatformUnderTest.start({ backend: 1, augmentations: 2, training: 1, classifier: 1 });
    const store = new S3ObjectStore({ url: platform.servers.s3.url });
    for (const [number, key] of photos.entries()) {
      await store.put('temp', key, await smallPhoto(seed.value + number, { tint: categories[number % categories.length]!.tint }), 'image/jpeg');
    }
    for (const share of [0, 1]) {
      await addLearnableItems(platform, 8, share * 8);
      const { status, reason, modelVersion } = await trainingEnded(platform.collector, await askForTraining(platform.collector));
      expect({ status, reason }).toMatchObject({ status: 'done' });
      versions.push(modelVersion!);
    }
    const [owner] = await platform.data.collection<{ ownerId: string }>('SELECT "ownerId" FROM "Items" LIMIT 1');
    ownerId = owner!.ownerId;
  });
  afterAll(async () => {
    report.write();
    await platform?.stop();
  });

  async function ask(photo: string): Promise<Asked> {
    const { fleet } = platform;
    const startedAt = performance.now();
    try {
      const response = await fetch(`${fleet.service('classifier').url}/classify`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${fleet.serviceToken}` },
        body: JSON.stringify({ imagePath: photo, ownerId, k: 5, embedding: true }),
      });
      const body: unknown = await response.json();
      return { photo, status: response.status, answer: response.ok ? classifyAnswer.parse(body) : undefined, ms: performance.now() - startedAt };
    } catch {
      return { photo, status: 0, answer: undefined, ms: performance.now() - startedAt };
    }
  }

  /** Answers the seconds until the classifier served it. */
  async function activate(version: string): Promise<number> {
    const { status, body } = await platform.collector.json('POST', `/Models/${version}/activate`, {});
    expect([status, body]).toEqual([200, expect.anything()]);
    return eventually(`${version} serves`, async () => {
      const response = await fetch(`${platform.fleet.service('classifier').url}/version`, { headers: { Authorization: `Bearer ${platform.fleet.serviceToken}` } });
      return ((await response.json()) as { modelVersion: string }).modelVersion === version;
    });
  }

  it('fails no request, and every answer is of one version from end to end', async () => {
    const truth = new Map<string, ClassifyAnswer>();
    for (const version of versions) {
      await activate(version);
      for (const photo of photos) {
        const { answer } = await ask(photo);
        expect(answer?.modelVersion).toBe(version);
        truth.set(`${version} ${photo}`, answer!);
      }
    }
    const asked: Promise<Asked>[] = [];
    let isOver = false;
    const asking = (async () => {
      const startedAt = performance.now();
      while (!isOver) {
        await sleep(Math.max(0, startedAt + (asked.length * 1_000) / REQUESTS_PER_S - performance.now()));
        asked.push(ask(seed.oneOf(photos)));
      }
    })();
    const swaps: number[] = [];
    for (let swap = 0; swap < SWAPS; swap += 1) {
      await sleep(seed.between(200, 1_500));
      swaps.push(await activate(versions[swap % versions.length]!));
      report.note(`${versions[swap % versions.length]} serves after ${swaps.at(-1)!.toFixed(2)} s`);
    }
    isOver = true;
    await asking;
    const answers = await Promise.all(asked);

    const durations = answers.map(({ ms }) => ms).sort((a, b) => a - b);
    const served = versions.map((version) => answers.filter(({ answer }) => answer?.modelVersion === version).length);
    report.figure('requests', answers.length);
    report.figure('requests by version', served.join(', '));
    report.figure('ms of a request, median', durations[Math.floor(durations.length / 2)]!);
    report.figure('ms of a request, 99th percentile', durations[Math.floor(durations.length * 0.99)]!);
    report.figure('s of a swap, longest', Math.max(...swaps));
    const failed = answers.filter(({ status }) => status !== 200).length;
    const mixed = answers.filter(({ photo, answer }) => answer && !isSame(answer, truth.get(`${answer.modelVersion} ${photo}`))).length;
    report.figure('requests that failed', failed);
    report.figure('answers that were not their version’s', mixed);
    expect({ failed, mixed }).toEqual({ failed: 0, mixed: 0 });
    expect(Math.min(...served)).toBeGreaterThan(0);
    expect(Math.max(...swaps)).toBeLessThanOrEqual(SWAP_GOAL_S);
  });
});

/** The probabilities are the version's own; the nearest items come from the index of its network. */
function isSame(answer: ClassifyAnswer, truth: ClassifyAnswer | undefined): boolean {
  const labels = Object.keys(answer.probabilities);
  return (
    truth !== undefined &&
    labels.length === Object.keys(truth.probabilities).length &&
    labels.every((label) => Math.abs(answer.probabilities[label]! - (truth.probabilities[label] ?? NaN)) < 1e-5) &&
    answer.semelhantes.length === truth.semelhantes.length &&
    answer.semelhantes.every(({ distancia }, place) => Math.abs(distancia - truth.semelhantes[place]!.distancia) < 1e-5)
  );
}
