import { describe, expect, it } from 'vitest';
import { ModelMetricsStore } from './model-metrics.store.js';
import { ModelNotFoundError } from './model-registry.js';
import type { ModelVersion } from './model-version.js';
import { promoteModel } from './promote-model.js';
import { defaultGateRules, type Scorecard } from './promotion-gate.js';
import { InMemoryModelRegistry } from './testing/index.js';

class MetricsInMemory extends ModelMetricsStore {
  constructor(private readonly macroF1: Record<string, number>) {
    super();
  }

  async save() {}
  async get() {
    return undefined;
  }
  async getMany() {
    return [];
  }
  async scorecard(version: ModelVersion): Promise<Scorecard | undefined> {
    await pause();
    const macroF1 = this.macroF1[version];
    return macroF1 === undefined ? undefined : { version, macroF1, testSet: 'same', perClass: ['a', 'b', 'c'].map((label) => ({ label, f1: macroF1, support: 10 })) };
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
const [v1, v2, v3] = ['v1', 'v2', 'v3'] as [ModelVersion, ModelVersion, ModelVersion];

function platform(macroF1: Record<string, number>) {
  const registry = new InMemoryModelRegistry(pause);
  const parts = { registry, metrics: new MetricsInMemory(macroF1), clock: { now: () => new Date() }, rules: defaultGateRules };
  return {
    registry,
    announce: (version: ModelVersion) => promoteModel(version, parts),
    states: async () => Object.fromEntries((await registry.list()).map(({ version, state }) => [version, state])),
  };
}

it('lets the first model through, and a better one after it', async () => {
  const { announce, states } = platform({ v1: 0.8, v2: 0.9 });
  await announce(v1);
  await announce(v2);
  expect(await states()).toEqual({ v1: 'retired', v2: 'active' });
});

it('refuses a worse model and says why', async () => {
  const { announce, states } = platform({ v1: 0.9, v2: 0.6 });
  await announce(v1);
  const refused = await announce(v2);
  expect(refused).toMatchObject({ state: 'refused', reason: 'macro-F1 60.0%: 30.0% worse than v1 on the same test photos' });
  expect(await states()).toEqual({ v1: 'active', v2: 'refused' });
});

it('replaces an active model whose figures are lost', async () => {
  const figures: Record<string, number> = { v1: 0.9, v2: 0.6 };
  const { announce, states } = platform(figures);
  await announce(v1);
  delete figures['v1'];
  await announce(v2);
  expect(await states()).toEqual({ v1: 'retired', v2: 'active' });
});

it('refuses a version without figures, and registers nothing', async () => {
  const { announce, states } = platform({});
  await expect(announce(v1)).rejects.toThrow(ModelNotFoundError);
  expect(await states()).toEqual({});
});

describe('repeated and late announcements', () => {
  it('judges a version once', async () => {
    const { announce, registry, states } = platform({ v1: 0.8, v2: 0.9 });
    await announce(v1);
    await announce(v2);
    await registry.activate(v1, v2, 'rolled back by hand', new Date());
    expect(await announce(v2)).toMatchObject({ state: 'retired' });
    expect(await states()).toEqual({ v1: 'active', v2: 'retired' });
  });

  it('never puts an older version over a newer one', async () => {
    const { announce, states } = platform({ v1: 0.99, v2: 0.8 });
    await announce(v2);
    expect(await announce(v1)).toMatchObject({ state: 'retired', reason: 'v2 is newer and serves already' });
    expect(await states()).toEqual({ v1: 'retired', v2: 'active' });
  });

  it.each(Array.from({ length: 20 }, (_, i) => i))('leaves one active when several come at once (%d)', async () => {
    const { announce, states } = platform({ v1: 0.8, v2: 0.81, v3: 0.82 });
    await Promise.all([v3, v1, v2, v3, v2, v1].map(announce));
    expect(await states()).toEqual({ v1: 'retired', v2: 'retired', v3: 'active' });
  });
});
