import type { TrainingPhase } from './training-run.js';

/** How much of a training each phase takes, in percent: measured at 150 photos on 2 cores. */
const weights: Record<TrainingPhase, number> = { waiting: 0, gathering: 2, embedding: 60, training: 28, writing: 4, uploading: 4, announcing: 2 };

/**
 * The bar over all phases.
 *
 * @param share of the phase that is done, 0 to 1
 */
export function overallPercent(phase: TrainingPhase, share: number): number {
  const phases = Object.keys(weights) as TrainingPhase[];
  const before = phases.slice(0, phases.indexOf(phase)).reduce((sum, name) => sum + weights[name], 0);
  return Math.round(before + weights[phase] * Math.min(1, Math.max(0, share)));
}

/** Seconds left of a phase that goes on as it did; undefined before there is anything to judge by. */
export function estimateSecondsLeft(elapsedMs: number, share: number): number | undefined {
  return share <= 0 ? undefined : Math.round((elapsedMs / 1000) * (1 / Math.min(1, share) - 1));
}
