import type { RegisteredModel } from './model-registry.js';
import type { ModelVersion } from './model-version.js';

/** The newest, whatever the gate said of them. */
const KEPT_VERSIONS = 5;
/** A classifier may still be loading a version that stopped being the active one. */
const LOADED_WITHIN_MS = 15 * 60_000;

/**
 * The versions whose files may go: all but the active one, the one that served before it, the newest five, and
 * whatever served a moment ago. Some 30 MB each.
 */
export function versionsToRemove(models: readonly RegisteredModel[], now: Date): ModelVersion[] {
  const withFiles = models.filter(({ state }) => state !== 'removed');
  const served = withFiles.filter(({ activatedAt }) => activatedAt !== undefined).sort((a, b) => b.activatedAt!.getTime() - a.activatedAt!.getTime());
  const before = served.find(({ state }) => state !== 'active');
  // Each served until the next one was activated.
  const servedLately = served.filter((_, place) => place === 0 || now.getTime() - served[place - 1]!.activatedAt!.getTime() < LOADED_WITHIN_MS);
  const newest = [...withFiles].sort((a, b) => (a.version < b.version ? 1 : -1)).slice(0, KEPT_VERSIONS);
  const kept = new Set([before, ...servedLately, ...newest]);
  return withFiles.filter((model) => model.state !== 'active' && !kept.has(model)).map(({ version }) => version);
}
