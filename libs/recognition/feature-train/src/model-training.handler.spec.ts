import { modelTraining } from '@repo/contracts';
import { newId, SystemClock, type PhotoId } from '@repo/kernel';
import { InMemoryMessageBus } from '@repo/messaging/testing';
import { InMemoryTrainingRuns } from '@repo/recognition-domain/testing';
import { beforeEach, expect, it } from 'vitest';
import { ModelTrainingHandler } from './model-training.handler.js';
import type { TrainingScheduler } from './training-scheduler.js';

let runs: InMemoryTrainingRuns;
let bus: InMemoryMessageBus;
let woken: number;
beforeEach(async () => {
  [runs, bus, woken] = [new InMemoryTrainingRuns(), new InMemoryMessageBus({ retries: { waitsMs: [1, 1], jitter: 0 } }), 0];
  const handler = new ModelTrainingHandler(runs, { wake: () => void (woken += 1) } as TrainingScheduler, new SystemClock());
  await bus.subscribe(modelTraining, (body) => handler.count(body), { parallel: 4 });
});

const bodyOf = (fotoId: string) => ({ batchId: newId(), totalImages: 9, fotoId });
const newPhotos = async () => (await runs.scheduleState()).newPhotos;

it('counts a photo once, however often and under whatever id it is told, also after its training', async () => {
  const [messageId, body] = [newId(), bodyOf(newId())];
  await bus.publish(modelTraining, body, { messageId });
  await bus.settled();
  expect([await newPhotos(), woken]).toEqual([1, 1]);
  await bus.publish(modelTraining, body, { messageId });
  await bus.publish(modelTraining, body);
  await bus.settled();
  expect(await newPhotos()).toBe(1);
  await runs.clearNewPhotos(new Date());
  await bus.publish(modelTraining, body, { messageId });
  await bus.settled();
  expect(await newPhotos()).toBe(0);
});

it.each<[string, object]>([
  ['no photo', { fotoId: undefined }],
  ['a photo that is no id', { fotoId: 'DROP TABLE' }],
  ['a photo that is a number', { fotoId: 7 }],
  ['no number of variants', { totalImages: null }],
  ['less than no variants', { totalImages: -1 }],
  ['half a variant', { totalImages: 0.5 }],
  ['no batch', { batchId: '' }],
  ['a batch with NUL in it', { batchId: 'a\0b' }],
])('counts nothing of a body with %s: it is a dead letter at once, its neighbours count', async (_, wrong) => {
  const good = bodyOf(newId());
  for (const body of [{ ...bodyOf(newId()), ...wrong }, good]) {
    bus.inject(modelTraining.queue, JSON.stringify({ messageId: newId(), name: modelTraining.name, sentAt: new Date().toISOString(), body }));
  }
  await bus.settled();
  expect(bus.deadLettersOf(modelTraining.queue)).toMatchObject([{ cause: 'malformed', attempt: 1 }]);
  expect([...runs.photos.keys()]).toEqual([good.fotoId as PhotoId]);
});
