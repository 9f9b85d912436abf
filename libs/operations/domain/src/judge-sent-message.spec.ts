import { expect, it } from 'vitest';
import { judgeAugmentation, judgeRemoval, type MessageTraces, type Verdict } from './judge-sent-message.js';

const untouched: MessageTraces = { photoExists: true, isDeadLetter: false, isMarkedRemoved: false, job: 'none' };
const removed: MessageTraces = { ...untouched, photoExists: false };

it.each<[Verdict, string, MessageTraces]>([
  ['lost', 'nobody has begun', untouched],
  ['running', 'somebody works on it', { ...untouched, job: 'running' }],
  ['lost', 'who worked on it is gone, or it failed and no dead letter tells of it', { ...untouched, job: 'stopped' }],
  ['settled', 'it succeeded', { ...untouched, job: 'success' }],
  ['settled', 'it lies among the dead letters', { ...untouched, isDeadLetter: true }],
  ['settled', 'it failed, or died together with its worker, and its dead letter is kept', { ...untouched, job: 'stopped', isDeadLetter: true }],
  ['settled', 'the photo was deleted', removed],
  ['settled', 'the photo was deleted while somebody worked on it', { ...removed, job: 'running' }],
  ['settled', 'the deletion was noted by the workers alone', { ...untouched, isMarkedRemoved: true }],
])('an augmentation is %s when %s', (verdict, _, traces) => expect(judgeAugmentation(traces)).toBe(verdict));

it.each<[Verdict, string, MessageTraces]>([
  ['lost', 'nobody has begun', removed],
  ['lost', 'only rows are left', { ...removed, isMarkedRemoved: true, job: 'success' }],
  ['lost', 'an augmentation still runs', { ...removed, isMarkedRemoved: true, job: 'running' }],
  ['settled', 'nothing is left', { ...removed, isMarkedRemoved: true }],
  ['settled', 'it lies among the dead letters', { ...removed, isDeadLetter: true }],
])('a removal is %s when %s', (verdict, _, traces) => expect(judgeRemoval(traces)).toBe(verdict));
