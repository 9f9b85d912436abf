import { expect, it } from 'vitest';
import type { ModelState, RegisteredModel } from './model-registry.js';
import type { ModelVersion } from './model-version.js';
import { versionsToRemove } from './old-versions.js';

const now = new Date('2026-06-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
/** @param activated minutes ago */
const model = (name: string, state: ModelState, activated?: number): RegisteredModel => ({
  version: name as ModelVersion,
  state,
  createdAt: minutesAgo(9_999),
  activatedAt: activated === undefined ? undefined : minutesAgo(activated),
  path: '',
  embeddings: '',
  reason: undefined,
});

it.each<[string, RegisteredModel[], string[]]>([
  ['nothing is there', [], []],
  ['there are five', ['v1', 'v2', 'v3', 'v4', 'v5'].map((name) => model(name, 'refused')), []],
  ['older ones were refused', ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'].map((name) => model(name, name === 'v7' ? 'active' : 'refused', name === 'v7' ? 60 : undefined)), ['v1', 'v2']],
  [
    'the active one and the one before it are old',
    [model('v1', 'retired', 900), model('v2', 'active', 800), model('v3', 'retired', 999), ...['v4', 'v5', 'v6', 'v7', 'v8'].map((name) => model(name, 'refused'))],
    ['v3'],
  ],
  [
    'the one before is not the newest that was retired',
    [model('v1', 'retired', 500), model('v2', 'retired', 700), model('v3', 'retired', 600), ...['v4', 'v5', 'v6', 'v7'].map((name) => model(name, 'refused')), model('v8', 'active', 400)],
    ['v2', 'v3'],
  ],
  [
    'one served until a moment ago and may be on its way into a classifier',
    [model('v1', 'retired', 900), model('v2', 'retired', 14), model('v3', 'active', 1), ...['v4', 'v5', 'v6', 'v7', 'v8'].map((name) => model(name, 'refused'))],
    [],
  ],
  [
    'that was longer ago',
    [model('v1', 'retired', 900), model('v2', 'retired', 16), model('v3', 'active', 1), ...['v4', 'v5', 'v6', 'v7', 'v8'].map((name) => model(name, 'refused'))],
    ['v1'],
  ],
  ['some are removed already', [model('v1', 'removed'), model('v2', 'refused'), ...['v3', 'v4', 'v5', 'v6'].map((name) => model(name, 'refused')), model('v7', 'removed', 60)], []],
  ['a candidate was left behind', [model('v1', 'candidate'), ...['v2', 'v3', 'v4', 'v5', 'v6'].map((name) => model(name, 'refused'))], ['v1']],
])('when %s', (_, models, expected) => {
  expect(versionsToRemove(models, now)).toEqual(expected);
  expect(versionsToRemove([...models].reverse(), now).sort()).toEqual(expected);
});
