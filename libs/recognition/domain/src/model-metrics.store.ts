import type { TrainingRunId } from '@repo/kernel';
import type { BackboneQuality } from './backbone-quality.js';
import type { EpochReport } from './head-training.js';
import type { ModelVersion } from './model-version.js';
import type { Scorecard } from './promotion-gate.js';
import type { TrainingLineage, TrainingMetrics } from './model-trainer.js';

/** Where a version comes from, so that it can be made again. */
export interface ModelLineage extends TrainingLineage {
  /** `BackboneInfo.id`. */
  readonly backbone: string;
  /** Absent for versions of before it was kept. */
  readonly backboneQuality?: BackboneQuality;
  /** Checksum of the test photos and their labels. */
  readonly testSet: string;
  readonly labels: readonly string[];
}

/** A version's figures: what it reached, where, and what it was made from. */
export interface ModelMetrics {
  readonly version: ModelVersion;
  readonly runId: TrainingRunId;
  readonly metrics: TrainingMetrics;
  readonly history: readonly EpochReport[];
  readonly lineage: ModelLineage;
  readonly timestamp: Date;
}

/** Figures of every version, kept with the learning data. Methods throw TemporaryError. */
export abstract class ModelMetricsStore {
  /** Storing the same version again replaces it. */
  abstract save(metrics: ModelMetrics): Promise<void>;

  /** Undefined for a version that has none. */
  abstract get(version: ModelVersion): Promise<ModelMetrics | undefined>;

  /** In no order; versions without figures are left out. */
  abstract getMany(versions: readonly ModelVersion[]): Promise<ModelMetrics[]>;

  /** What the gate looks at; undefined for a version without figures. */
  abstract scorecard(version: ModelVersion): Promise<Scorecard | undefined>;
}
