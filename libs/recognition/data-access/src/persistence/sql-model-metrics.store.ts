import { LearningDatabase, translateDatabaseErrors } from '@repo/database';
import type { TrainingRunId } from '@repo/kernel';
import {
  ModelMetricsStore,
  type EpochReport,
  type ModelLineage,
  type ModelMetrics,
  type ModelVersion,
  type Scorecard,
  type TrainingMetrics,
} from '@repo/recognition-domain';

interface MetricsRow {
  version: ModelVersion;
  run_id: TrainingRunId;
  accuracy: number;
  loss: number;
  val_accuracy: number;
  val_loss: number;
  macro_f1: number;
  ece: number;
  report: Pick<TrainingMetrics, 'perClass' | 'temperature'> & { history: EpochReport[] };
  confusion: number[][];
  lineage: Omit<ModelLineage, 'leftOut'> & Partial<Pick<ModelLineage, 'leftOut'>>;
  timestamp: Date;
}

export class SqlModelMetricsStore extends ModelMetricsStore {
  constructor(private readonly database: LearningDatabase) {
    super();
  }

  async save({ version, runId, metrics, history, lineage, timestamp }: ModelMetrics): Promise<void> {
    const { perClass, temperature, confusion, accuracy, loss, valAccuracy, valLoss, macroF1, ece } = metrics;
    await this.query(
      `INSERT INTO "ModelMetrics" (version, run_id, accuracy, loss, val_accuracy, val_loss, macro_f1, ece, report, confusion, lineage, "timestamp")
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ON CONFLICT (version) DO UPDATE
       SET run_id = excluded.run_id, accuracy = excluded.accuracy, loss = excluded.loss, val_accuracy = excluded.val_accuracy,
           val_loss = excluded.val_loss, macro_f1 = excluded.macro_f1, ece = excluded.ece, report = excluded.report,
           confusion = excluded.confusion, lineage = excluded.lineage, "timestamp" = excluded."timestamp"`,
      [
        version,
        runId,
        ...[accuracy, loss, valAccuracy, valLoss, macroF1, ece],
        JSON.stringify({ perClass, temperature, history }),
        JSON.stringify(confusion),
        JSON.stringify(lineage),
        timestamp,
      ],
    );
  }

  async get(version: ModelVersion): Promise<ModelMetrics | undefined> {
    return (await this.getMany([version]))[0];
  }

  async getMany(versions: readonly ModelVersion[]): Promise<ModelMetrics[]> {
    const rows = await this.query<MetricsRow>('SELECT * FROM "ModelMetrics" WHERE version = ANY($1::text[])', [versions]);
    return rows.map(toMetrics);
  }

  async scorecard(version: ModelVersion): Promise<Scorecard | undefined> {
    const [row] = await this.query<Pick<MetricsRow, 'macro_f1' | 'report'> & { test_set: string }>(
      `SELECT macro_f1, report, lineage->>'testSet' AS test_set FROM "ModelMetrics" WHERE version = $1`,
      [version],
    );
    return row && { version, macroF1: row.macro_f1, perClass: row.report.perClass, testSet: row.test_set };
  }

  private query<Row>(sql: string, parameters: unknown[]): Promise<Row[]> {
    return translateDatabaseErrors(() => this.database.source.query(sql, parameters) as Promise<Row[]>);
  }
}

function toMetrics(row: MetricsRow): ModelMetrics {
  const { perClass, temperature, history } = row.report;
  return {
    version: row.version,
    runId: row.run_id,
    metrics: {
      accuracy: row.accuracy,
      loss: row.loss,
      macroF1: row.macro_f1,
      ece: row.ece,
      valAccuracy: row.val_accuracy,
      valLoss: row.val_loss,
      perClass,
      temperature,
      confusion: row.confusion,
    },
    history,
    lineage: { ...row.lineage, leftOut: row.lineage.leftOut ?? [] }, // the first versions left nothing out, and don't say so
    timestamp: row.timestamp,
  };
}
