import type { Clock } from '@repo/kernel';
import { decidePromotion, type GateRules } from './promotion-gate.js';
import { ModelNotFoundError, type ModelRegistry, type RegisteredModel } from './model-registry.js';
import type { ModelVersion } from './model-version.js';
import type { ModelMetricsStore } from './model-metrics.store.js';

export interface PromotionParts {
  readonly registry: ModelRegistry;
  readonly metrics: ModelMetricsStore;
  readonly clock: Clock;
  readonly rules: GateRules;
}

/**
 * Registers an announced version and lets it through the gate, or not. Repeating the call,
 * late or out of order, changes nothing: a version is judged once, and only a newer one than
 * the active can replace it.
 * Throws ModelNotFoundError when its figures were never stored.
 */
export async function promoteModel(version: ModelVersion, parts: PromotionParts): Promise<RegisteredModel> {
  const { registry, metrics, clock, rules } = parts;
  const candidate = await metrics.scorecard(version);
  if (!candidate) {
    throw new ModelNotFoundError(version);
  }
  let model = await registry.register(version, clock.now());
  while (model.state === 'candidate') {
    const active = await registry.active();
    const { promote, reason } = decidePromotion(candidate, active && (await metrics.scorecard(active.version)), rules);
    if (active && active.version > version) {
      await registry.turnDown(version, 'retired', `${active.version} is newer and serves already`);
    } else if (promote) {
      // Changes nothing when another version became active meanwhile: that is the one to beat then.
      await registry.activate(version, active?.version, reason, clock.now());
    } else {
      await registry.turnDown(version, 'refused', reason);
    }
    model = await registry.get(version);
  }
  return model;
}
