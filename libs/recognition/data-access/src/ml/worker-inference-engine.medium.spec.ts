import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { TemporaryError } from '@repo/kernel';
import { ClassifierBusyError, ModelUnusableError, PhotoUndecodableError, type Inference, type TrainedHead } from '@repo/recognition-domain';
import sharp from 'sharp';
import { afterEach, expect, it, vi } from 'vitest';
import { findBackbone } from './find-backbone.js';
import { WorkerInferenceEngine, type InferenceEngineOptions } from './worker-inference-engine.js';

const backbone = await findBackbone({});
const head: TrainedHead = { labels: ['a', 'b'], weights: new Float32Array(1280 * 2).map((_, i) => Math.sin(i)), bias: Float32Array.of(0, 0), temperature: 1 };

let engine: WorkerInferenceEngine;
afterEach(() => engine.close());

function start(options: Partial<InferenceEngineOptions> = {}): WorkerInferenceEngine {
  engine = new WorkerInferenceEngine({ threads: 1, maxWaiting: 100, ...options });
  return engine;
}

const colours = { red: '#c02010', blue: '#1030c0' };
const photo = (colour: string, { width = 640, height = 480 } = {}) => sharp({ create: { width, height, channels: 3, background: colour } }).jpeg().toBuffer();
const blueAboveRed = async () =>
  sharp({ create: { width: 300, height: 300, channels: 3, background: colours.red } })
    .composite([{ input: await photo(colours.blue, { width: 300, height: 150 }), left: 0, top: 0 }])
    .png()
    .toBuffer();

const lengthOf = ({ embedding }: Inference) => Math.hypot(...embedding);
const cosine = (a: Inference, b: Inference) => a.embedding.reduce((sum, value, i) => sum + value * b.embedding[i]!, 0);

it('answers an embedding of length 1, and probabilities with a head', async () => {
  start();
  const [bare, headed] = [await engine.load(await backbone.onnx()), await engine.load(await backbone.onnxWithHead(head))];
  const [without, answer] = [await bare.run(await photo(colours.red)), await headed.run(await photo(colours.red))];
  expect(lengthOf(answer)).toBeCloseTo(1, 5);
  expect(answer.probabilities!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  expect(without.probabilities).toBeUndefined();
  expect(without.embedding).toEqual(answer.embedding);
  expect(Object.values(answer.stagesMs).every((ms) => ms >= 0)).toBe(true);
});

it('says the same whatever the size, and another thing of another photo', async () => {
  const model = await start().load(await backbone.onnx());
  const [small, large, other] = await Promise.all([photo(colours.red, { width: 100, height: 100 }), photo(colours.red, { width: 3000, height: 2000 }), blueAboveRed()].map(async (image) => model.run(await image)));
  expect(cosine(small!, large!)).toBeGreaterThan(0.999);
  expect(cosine(small!, other!)).toBeLessThan(0.9);
});

it('sees a photo upright, in colour and on white, however it is encoded', async () => {
  const model = await start().load(await backbone.onnx());
  const halves = await blueAboveRed();
  const upright = await model.run(halves);
  const turned = await sharp(halves).rotate(90).withMetadata({ orientation: 8 }).jpeg({ quality: 98 }).toBuffer();
  expect(cosine(upright, await model.run(turned))).toBeGreaterThan(0.99);
  const [cmyk, grey, deep] = await Promise.all([
    sharp(halves).toColourspace('cmyk').jpeg().toBuffer(),
    sharp(halves).greyscale().jpeg().toBuffer(),
    sharp(halves).toColourspace('rgb16').png().toBuffer(),
  ]);
  expect(cosine(upright, await model.run(deep))).toBeGreaterThan(0.999);
  expect(cosine(upright, await model.run(cmyk))).toBeGreaterThan(0.9);
  expect(lengthOf(await model.run(grey))).toBeCloseTo(1, 5);
  const clear = await sharp({ create: { width: 200, height: 200, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer();
  expect(cosine(await model.run(clear), await model.run(await photo('#ffffff')))).toBeGreaterThan(0.999);
});

it.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('this is not a photo')],
  ['half a JPEG', undefined],
])('refuses %s and goes on', async (_, bytes) => {
  const model = await start().load(await backbone.onnx());
  const whole = await photo(colours.red);
  await expect(model.run(bytes ?? whole.subarray(0, 400))).rejects.toThrow(PhotoUndecodableError);
  expect(lengthOf(await model.run(whole))).toBeCloseTo(1, 5);
});

it('refuses a network that is none, and one of another make', async () => {
  start();
  await expect(engine.load(Buffer.from('not a network'))).rejects.toThrow(ModelUnusableError);
  const onnx = await backbone.onnx();
  await expect(engine.load(onnx.subarray(0, onnx.length / 2))).rejects.toThrow(ModelUnusableError);
});

it('leaves the photo to its owner', async () => {
  const model = await start().load(await backbone.onnx());
  const image = await photo(colours.red);
  const before = Buffer.from(image);
  await model.run(image);
  expect(image.equals(before)).toBe(true);
});

it('answers queries before background work', async () => {
  const model = await start().load(await backbone.onnx());
  const image = await photo(colours.red);
  const answered: string[] = [];
  const run = (priority: 'query' | 'background', name: string) => model.run(image, { priority }).then(() => answered.push(name));
  const work = Array.from({ length: 12 }, (_, i) => run('background', `background ${i}`));
  await Promise.all([...work, run('query', 'query')]);
  expect(answered.indexOf('query')).toBeLessThan(6); // two were running already
});

it('turns photos away when too many wait, and takes them again later', async () => {
  const model = await start({ maxWaiting: 3 }).load(await backbone.onnx());
  const image = await photo(colours.red);
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => model.run(image)));
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused.length).toBeGreaterThan(10);
  expect(refused.every(({ reason }) => reason instanceof ClassifierBusyError)).toBe(true);
  await expect(model.run(image)).resolves.toBeDefined();
});

it('does not turn a query away for background work', async () => {
  const model = await start({ maxWaiting: 3 }).load(await backbone.onnx());
  const image = await photo(colours.red);
  const work = Array.from({ length: 5 }, () => model.run(image, { priority: 'background' }));
  await expect(model.run(image)).resolves.toBeDefined();
  await Promise.allSettled(work);
});

it('starts a thread again that died: what ran fails, what waited and what comes is answered', async () => {
  const onThreadDeath = vi.fn();
  const model = await start({ onThreadDeath }).load(await backbone.onnx());
  const image = await photo(colours.red, { width: 3000, height: 2000 });
  const answers = Promise.allSettled(Array.from({ length: 6 }, () => model.run(image)));
  await sleep(5);
  void threadsOf(engine)[0]!.terminate();
  const [first, second, ...waited] = await answers;
  for (const answer of [first, second]) {
    expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(TemporaryError) as TemporaryError });
  }
  expect(waited.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
  await expect(model.run(image)).resolves.toBeDefined();
  expect(onThreadDeath).toHaveBeenCalledOnce();
});

it('lets a network finish before it is unloaded, and takes nothing for it afterwards', async () => {
  start();
  const [old, fresh] = [await engine.load(await backbone.onnx()), await engine.load(await backbone.onnx())];
  const image = await photo(colours.red);
  const running = Array.from({ length: 6 }, () => old.run(image));
  await old.unload();
  await expect(Promise.all(running)).resolves.toHaveLength(6);
  await expect(old.run(image)).rejects.toThrow(TemporaryError);
  await expect(fresh.run(image)).resolves.toBeDefined();
});

it('closes at once: what runs is answered, what waits is told to try again', async () => {
  const model = await start().load(await backbone.onnx());
  const image = await photo(colours.red);
  const answers = Promise.allSettled(Array.from({ length: 8 }, () => model.run(image)));
  await engine.close();
  const states = (await answers).map((answer) => (answer.status === 'rejected' ? answer.reason.constructor : 'answered') as unknown);
  expect(states).toEqual(['answered', 'answered', ...Array.from({ length: 6 }, () => TemporaryError)]);
  await expect(model.run(image)).rejects.toThrow(TemporaryError);
});

/** As a crash in native code would end them. */
function threadsOf(of: WorkerInferenceEngine): Worker[] {
  const { threads } = of as unknown as { threads: Set<{ worker: Worker }> };
  return [...threads].map(({ worker }) => worker);
}
