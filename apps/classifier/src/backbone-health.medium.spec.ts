import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeSafetensors, type BackbonePlaces } from '@repo/recognition-data-access';
import { drawMobileNetV2 } from '@repo/recognition-data-access/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClassifierUnderTest, TOKEN } from './classifier-under-test.js';

let folder: string;
let places: Record<'shipped' | 'data folder' | 'configured', BackbonePlaces>;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'secret-place-'));
  const [configured, shippedFolder, dataFolder] = ['mine.safetensors', 'shipped', 'data'].map((name) => path.join(folder, name)) as [string, string, string];
  const weights = encodeSafetensors(drawMobileNetV2(0.35, 96));
  for (const file of [configured, path.join(shippedFolder, 'compact.safetensors'), path.join(dataFolder, 'backbone', 'full.safetensors')]) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, weights);
  }
  places = { shipped: { shippedFolder }, 'data folder': { shippedFolder, dataFolder }, configured: { shippedFolder, dataFolder, configured } };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const drawn = { id: expect.stringMatching(/^mobilenetv2-96-[0-9a-f]{12}-cover$/) as string, inputSize: 96 };
const getFull = { code: 'GET_FULL_BACKBONE', message: expect.stringContaining('npm run backbone -- pull, or set OC_BACKBONE to a file') as string };

it.each([
  ['shipped', { ...drawn, quality: 'compact' }, getFull],
  ['data folder', { ...drawn, quality: 'full' }, undefined],
  ['configured', { ...drawn, quality: 'full' }, undefined],
] as const)('is well with a %s backbone, and says which it is and what would be better', async (origin, expected, advice) => {
  const classifier = await ClassifierUnderTest.start(places[origin]);
  try {
    const backbone = { ...expected, origin };
    await expect.poll(async () => (await classifier.get('/health/ready')).body.status, { timeout: 20_000, interval: 200 }).toBe('ok'); // a busy machine may miss a part's deadline once
    const { body, text } = await classifier.get('/health/ready');
    expect(body.parts.find(({ name }: { name: string }) => name === 'network')).toEqual({
      name: 'network',
      state: 'ok',
      durationMs: expect.any(Number),
      detail: { backbone, ...(advice && { advice }) },
    });
    expect(text).not.toContain('secret-place');
    const version = await classifier.get('/version', TOKEN);
    expect(version.body).toEqual({ modelVersion: null, backbone });
    expect(version.text).not.toContain('secret-place');
  } finally {
    await classifier.stop();
  }
});
